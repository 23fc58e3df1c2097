package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"portal/kontorv1"
)

// Portal acts for customers.
type Portal struct {
	orders    kontorv1.OrderServiceClient
	cert, key string // files: access details are sealed to this certificate
}

// docs:begin order

// integer is a whole number a customer chose.
func integer(id string, number int64) *kontorv1.ParameterValue {
	return &kontorv1.ParameterValue{
		Id: id, Value: &kontorv1.Value{Kind: &kontorv1.Value_Integer{Integer: number}}}
}

// volumeOrder is an order of one item. Its id is ours and is kept before the call: whoever does not
// know how a call ended places the same order again.
func volumeOrder(id, item, offer string, parameters ...*kontorv1.ParameterValue) *kontorv1.PlaceOrderRequest {
	volume := &kontorv1.NewItem{Id: item, Offer: offer, Parameters: parameters}
	return &kontorv1.PlaceOrderRequest{
		Id: id, Project: "coast/p1", Items: []*kontorv1.NewItem{volume}}
}

// Place places an order. The same order again is answered with IsReplayed.
func (p *Portal) Place(ctx context.Context, order *kontorv1.PlaceOrderRequest) (*kontorv1.PlaceOrderResponse, error) {
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.PlaceOrderResponse, error) {
		return p.orders.PlaceOrder(ctx, order)
	})
}

// docs:end order

// docs:begin watch

// Watch follows what happens to the records below a prefix, through lost connections.
type Watch struct {
	orders   kontorv1.OrderServiceClient
	request  *kontorv1.WatchRequest // its After moves on with what came whole
	stream   grpc.ServerStreamingClient[kontorv1.WatchResponse]
	gathered []*kontorv1.RecordChange // of a position of which more is to come
	whole    []Step
	failed   int
}

// Step is all that happened at one position, and where to go on when it is done with.
type Step struct {
	Changes []*kontorv1.RecordChange
	After   *kontorv1.Position
}

// Next waits for the next step. io.EOF is the end of a watch that does not follow.
func (w *Watch) Next(ctx context.Context) (Step, error) {
	for len(w.whole) == 0 {
		message, err := w.receive(ctx)
		if err == nil {
			w.take(message)
			continue
		}
		w.stream, w.gathered = nil, nil // what came by halves comes again
		isEnd := errors.Is(err, io.EOF)
		if isEnd && !w.request.Follow {
			return Step{}, io.EOF
		}
		refusal := RefusalOf(err)
		if !isEnd && !refusal.IsOpen() && refusal.Reason != "BEHIND" {
			return Step{}, err // TRIMMED, HISTORY_CHANGED, SCOPE_CHANGED: list again
		}
		select {
		case <-ctx.Done():
			return Step{}, ctx.Err()
		case <-time.After(pause(w.failed, refusal.RetryAfter)):
			w.failed++
		}
	}
	step := w.whole[0]
	w.whole = w.whole[1:]
	return step, nil
}

func (w *Watch) receive(ctx context.Context) (*kontorv1.WatchResponse, error) {
	if w.stream == nil {
		stream, err := w.orders.WatchOrders(ctx, w.request)
		if err != nil {
			return nil, err
		}
		w.stream = stream
	}
	return w.stream.Recv()
}

// take moves on with the last change of each position. A position of the broker's own says that
// everything up to there was sent; its scope_tag goes back to the broker with the next request.
func (w *Watch) take(message *kontorv1.WatchResponse) {
	w.failed = 0
	for _, change := range message.Changes {
		w.gathered = append(w.gathered, change)
		if !change.More {
			w.finish(change.Seq)
		}
	}
	if position := message.Position; position != nil {
		w.request.After.ScopeTag = position.ScopeTag
		if position.Seq > w.request.After.Seq {
			w.finish(position.Seq)
		}
	}
}

func (w *Watch) finish(seq int64) {
	after := &kontorv1.Position{Seq: seq, ScopeTag: w.request.After.ScopeTag}
	if len(w.gathered) > 0 {
		w.whole = append(w.whole, Step{w.gathered, after})
	}
	w.request.After = &kontorv1.Position{Seq: seq, ScopeTag: after.ScopeTag}
	w.gathered = nil
}

// docs:end watch

// docs:begin answer

// OpenQuestion is what the provider wants to know about an item; nil: nothing.
func (p *Portal) OpenQuestion(ctx context.Context, order string) (*kontorv1.Question, error) {
	reply, err := p.orders.GetOrder(ctx, &kontorv1.GetOrderRequest{Id: order})
	if err != nil {
		return nil, err
	}
	for _, item := range reply.Items {
		for _, question := range item.Questions {
			if question.AnsweredBy == "" {
				return question, nil
			}
		}
	}
	return nil, nil
}

// Answer answers the open question of an item.
func (p *Portal) Answer(ctx context.Context, item string, number int64) (*kontorv1.OrderItem, error) {
	request := &kontorv1.AnswerQuestionRequest{
		Id: item, RequestId: uuid.NewString(),
		Answer: &kontorv1.Value{Kind: &kontorv1.Value_Integer{Integer: number}}}
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.OrderItem, error) {
		return p.orders.AnswerQuestion(ctx, request)
	})
}

// docs:end answer

// docs:begin open

// Open answers how to get at what was delivered. The broker cannot read it: it is sealed to a
// certificate the order named in SealTo, and opened by openssl with that certificate's key.
func (p *Portal) Open(ctx context.Context, item string) ([]byte, error) {
	request := &kontorv1.OpenAccessRequest{Id: item, RequestId: uuid.NewString()}
	reply, err := Repeat(ctx, func(ctx context.Context) (*kontorv1.OpenAccessResponse, error) {
		return p.orders.OpenAccess(ctx, request)
	})
	if err != nil {
		return nil, err
	}
	command := exec.Command("openssl", "cms", "-decrypt", "-inform", "DER", "-binary",
		"-recip", p.cert, "-inkey", p.key)
	command.Stdin = bytes.NewReader(reply.Sealed)
	return command.Output()
}

// docs:end open
