// Command client plays the scenario of tests/clients against a broker and says, in one line of JSON
// a step, whether each ended as it should.
//
//	client ADDRESS CERTIFICATES CERTIFICATES-OF-STRANGERS SCENARIO ORDER LANGUAGE
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"

	"portal/kontorv1"
)

const stepLimit = 30 * time.Second

// step is one row of the scenario.
type step struct {
	Step, Who, Op string
	Request       request
	Expect        map[string]any
}

// request has the fields of all operations; each reads its own.
type request struct {
	Order, Item, Offer, Watch, Save, After, Job, Question, Milestone, Note, ID, Access string
	OrderState                                                                         string `json:"order_state"`
	ItemState                                                                          string `json:"item_state"`
	BackendID                                                                          string `json:"backend_id"`
	MadeBy                                                                             string `json:"made_by"`
	Parameters                                                                         []parameter
	Minimum, Maximum, Answer                                                           int64Text
	Seal                                                                               bool
	Progress, Deliveries                                                               int32
	LostAnswers                                                                        int   `json:"lost_answers"`
	LeaseSeconds                                                                       int32 `json:"lease_seconds"`
}

type parameter struct {
	ID      string
	Integer int64Text
}

// int64Text is a whole number as proto3 JSON writes it: as text, since it may be above 2^53.
type int64Text int64

func (n *int64Text) UnmarshalJSON(text []byte) error {
	_, err := fmt.Sscanf(string(text), `"%d"`, (*int64)(n))
	return err
}

type answer = map[string]any

// player keeps what later steps need of earlier ones.
type player struct {
	address, certs, strangers, language string
	connections                         map[string]*grpc.ClientConn
	watches                             map[string]*watching
	positions                           map[string]savedPosition
	jobs                                map[string]*kontorv1.ClaimedJob
	ids                                 map[string]string
	reports                             map[string]int64
	agent                               *Agent
}

// watching is a watch and all it saw.
type watching struct {
	watch *Watch
	seen  []string
	order string // state
	item  string
	after *kontorv1.Position
}

type savedPosition struct {
	position *kontorv1.Position
	n        int // changes seen up to it
}

var operations = map[string]func(*player, context.Context, string, request) (answer, error){
	"whoami": (*player).whoAmI, "get": (*player).get, "place": (*player).place,
	"plan": (*player).plan, "watch": (*player).watch, "see": (*player).see,
	"resume": (*player).resume, "question": (*player).question, "answer": (*player).answer,
	"open": (*player).open, "register": (*player).register, "claim": (*player).claim,
	"ask": (*player).ask, "begin": (*player).begin, "renew": (*player).renew,
	"report": (*player).report, "complete": (*player).complete, "serve": (*player).serve,
	"kill": (*player).kill,
}

var stdin = bufio.NewReader(os.Stdin)

func say(line answer) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func onRetry(refusal Refusal) {
	say(answer{"retry": rpccode.Code(refusal.Status).String()})
}

func main() {
	if len(os.Args) != 7 {
		fmt.Fprintln(os.Stderr,
			"usage: client ADDRESS CERTIFICATES STRANGERS SCENARIO ORDER LANGUAGE")
		os.Exit(2)
	}
	p := &player{address: os.Args[1], certs: os.Args[2], strangers: os.Args[3], language: os.Args[6],
		connections: map[string]*grpc.ClientConn{}, watches: map[string]*watching{},
		positions: map[string]savedPosition{}, jobs: map[string]*kontorv1.ClaimedJob{},
		ids: map[string]string{}, reports: map[string]int64{}}
	if err := p.play(os.Args[4], os.Args[5]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func (p *player) play(path, order string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	words := strings.NewReplacer("$order", order, "$language", p.language).Replace(string(text))
	var scenario struct{ Steps []step }
	if err := json.Unmarshal([]byte(words), &scenario); err != nil {
		return err
	}
	isRight := true
	for _, step := range scenario.Steps {
		differs := p.run(step)
		say(answer{"step": step.Step, "ok": len(differs) == 0, "differs": differs})
		isRight = isRight && len(differs) == 0
	}
	if !isRight {
		return errors.New("not all steps ended as they should")
	}
	return nil
}

// run makes one step and answers in what it differs from what is expected.
func (p *player) run(step step) []string {
	ctx, cancel := context.WithTimeout(context.Background(), stepLimit)
	defer cancel()
	operation, isKnown := operations[step.Op]
	if !isKnown {
		return []string{"no operation " + step.Op}
	}
	got, err := operation(p, ctx, step.Who, step.Request)
	if err != nil {
		got = refused(err)
	} else {
		got["status"] = "OK"
	}
	return compare(step.Expect, got)
}

func refused(err error) answer {
	refusal := RefusalOf(err)
	names := []string{}
	for name := range refusal.Metadata {
		names = append(names, name)
	}
	return answer{"status": rpccode.Code(refusal.Status).String(), "reason": refusal.Reason,
		"fields": refusal.Fields, "metadata": names, "message": err.Error()}
}

// compare looks at what is expected only; of the metadata, at the names.
func compare(expect, got answer) []string {
	differs := []string{}
	text, _ := json.Marshal(got)
	plain := answer{}
	_ = json.Unmarshal(text, &plain)
	for name, want := range expect {
		if name == "metadata" && containsAll(plain[name], want) {
			continue
		}
		if !reflect.DeepEqual(plain[name], want) {
			differs = append(differs, fmt.Sprintf("%s is %v, not %v; all of it: %s", name,
				plain[name], want, text))
		}
	}
	return differs
}

func containsAll(got, want any) bool {
	have, _ := got.([]any)
	for _, name := range want.([]any) {
		if !slices.Contains(have, name) {
			return false
		}
	}
	return true
}

// ---- Who calls ----

func (p *player) paths(who string) (cert, key string) {
	switch who {
	case "agent":
		cert = filepath.Join(p.certs, "alpine", "agent")
	case "stranger":
		cert = filepath.Join(p.strangers, "coast", "portal")
	default:
		cert = filepath.Join(p.certs, "coast", "portal")
	}
	return cert + ".pem", cert + ".key"
}

func (p *player) dial(who string) (*grpc.ClientConn, error) {
	if connection, isThere := p.connections[who]; isThere {
		return connection, nil
	}
	cert, key := p.paths(who)
	connection, err := Connect(p.address, filepath.Join(p.certs, "alpine", "ca.pem"), cert, key)
	if err == nil {
		p.connections[who] = connection
	}
	return connection, err
}

func (p *player) portal(who string) (*Portal, error) {
	connection, err := p.dial(who)
	if err != nil {
		return nil, err
	}
	cert, key := p.paths(who)
	return &Portal{orders: kontorv1.NewOrderServiceClient(connection), cert: cert, key: key}, nil
}

// ---- The customer's side ----

func (p *player) whoAmI(ctx context.Context, who string, _ request) (answer, error) {
	connection, err := p.dial(who)
	if err != nil {
		return nil, err
	}
	reply, err := kontorv1.NewRegistryServiceClient(connection).WhoAmI(ctx, &kontorv1.WhoAmIRequest{})
	if err != nil {
		return nil, err
	}
	roles := []string{}
	for _, role := range reply.Roles {
		roles = append(roles, role.String())
	}
	return answer{"registered": reply.IsRegistered, "principal": reply.Principal, "roles": roles}, nil
}

func (p *player) order(who string, r request) (*Portal, *kontorv1.PlaceOrderRequest, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, nil, err
	}
	parameters := []*kontorv1.ParameterValue{}
	for _, given := range r.Parameters {
		parameters = append(parameters, integer(given.ID, int64(given.Integer)))
	}
	order := volumeOrder(r.Order, r.Item, r.Offer, parameters...)
	if r.Seal {
		own, err := os.ReadFile(portal.cert)
		if err != nil {
			return nil, nil, err
		}
		order.SealTo = []string{string(own)}
	}
	return portal, order, nil
}

func (p *player) place(ctx context.Context, who string, r request) (answer, error) {
	portal, order, err := p.order(who, r)
	if err != nil {
		return nil, err
	}
	reply, err := portal.Place(ctx, order)
	if err != nil {
		return nil, err
	}
	return answer{"replayed": reply.IsReplayed, "state": reply.Order.State.String()}, nil
}

func (p *player) plan(ctx context.Context, who string, r request) (answer, error) {
	portal, order, err := p.order(who, r)
	if err != nil {
		return nil, err
	}
	order.ValidateOnly = true
	reply, err := portal.Place(ctx, order)
	if err != nil {
		return nil, err
	}
	total := reply.Plan.Totals[0].Amount
	return answer{"provider": reply.Plan.Items[0].Provider,
		"total": fmt.Sprintf("%d %s", total.Units, total.Currency)}, nil
}

func (p *player) get(ctx context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	reply, err := portal.orders.GetOrder(ctx, &kontorv1.GetOrderRequest{Id: r.Order})
	if err != nil {
		return nil, err
	}
	item := reply.Items[0]
	milestones := item.Milestones
	if milestones == nil {
		milestones = []string{}
	}
	return answer{"order_state": reply.Order.State.String(), "item_state": item.State.String(),
		"parameters": texts(item.Parameters), "milestones": milestones,
		"backend_id": item.Delivery.GetBackendId(), "outputs": texts(item.Delivery.GetOutputs())}, nil
}

// texts are values as proto3 JSON writes them.
func texts(values []*kontorv1.ParameterValue) map[string]string {
	plain := map[string]string{}
	for _, value := range values {
		plain[value.Id] = valueText(value.Value)
	}
	return plain
}

func valueText(value *kontorv1.Value) string {
	if text, isText := value.GetKind().(*kontorv1.Value_Text); isText {
		return text.Text
	}
	return fmt.Sprint(value.GetInteger())
}

func (p *player) watch(_ context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	p.watches[r.Watch] = &watching{watch: newWatch(portal, r.Order, &kontorv1.Position{}, true)}
	return answer{}, nil
}

func newWatch(portal *Portal, order string, after *kontorv1.Position, follow bool) *Watch {
	return &Watch{orders: portal.orders, request: &kontorv1.WatchRequest{
		After: after, IdPrefix: order, Follow: follow}}
}

func (w *watching) note(step Step) {
	w.after = step.After
	for _, change := range step.Changes {
		w.seen = append(w.seen, fmt.Sprintf("%d %s %s %s", change.Seq, change.Kind, change.Id, change.Op))
		if order := change.GetOrder(); order != nil {
			w.order = order.State.String()
		}
		if item := change.GetItem(); item != nil {
			w.item = item.State.String()
		}
	}
}

func (w *watching) repeats() int {
	seen := map[string]bool{}
	for _, line := range w.seen {
		seen[line] = true
	}
	return len(w.seen) - len(seen)
}

// see reads on until order and item stand where they should. The stream outlives the step.
func (p *player) see(_ context.Context, _ string, r request) (answer, error) {
	w := p.watches[r.Watch]
	for w.order != r.OrderState || w.item != r.ItemState {
		step, err := w.watch.Next(context.Background())
		if err != nil {
			return nil, err
		}
		w.note(step)
	}
	if r.Save != "" {
		p.positions[r.Save] = savedPosition{w.after, len(w.seen)}
	}
	return answer{"repeats": w.repeats()}, nil
}

// resume watches again from a position that was kept: what comes is what came after it before.
func (p *player) resume(ctx context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	saved := p.positions[r.After]
	again := &watching{watch: newWatch(portal, r.Order, saved.position, false)}
	for {
		step, err := again.watch.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		again.note(step)
	}
	missing := 0
	live := p.watches[r.Watch].seen
	for _, line := range live[saved.n:] {
		if !slices.Contains(again.seen, line) {
			missing++
		}
	}
	repeats := again.repeats()
	for _, line := range live[:saved.n] {
		if slices.Contains(again.seen, line) {
			repeats++
		}
	}
	return answer{"missing": missing, "repeats": repeats, "order_state": again.order}, nil
}

func (p *player) question(ctx context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	question, err := portal.OpenQuestion(ctx, r.Order)
	if err != nil {
		return nil, err
	}
	limits := question.GetExpects().GetInteger()
	return answer{"question": question.GetText(), "minimum": optional(limits.Minimum),
		"maximum": optional(limits.Maximum), "default": optional(limits.DefaultInteger)}, nil
}

func optional(number *int64) any {
	if number == nil {
		return nil
	}
	return fmt.Sprint(*number)
}

func (p *player) answer(ctx context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	item, err := portal.Answer(ctx, r.Item, int64(r.Answer))
	return state(item), err
}

func state(item *kontorv1.OrderItem) answer {
	return answer{"state": item.GetState().String()}
}

func (p *player) open(ctx context.Context, who string, r request) (answer, error) {
	portal, err := p.portal(who)
	if err != nil {
		return nil, err
	}
	plain, err := portal.Open(ctx, r.Item)
	return answer{"access": string(plain)}, err
}

// ---- The provider's side ----

func (p *player) register(ctx context.Context, who string, r request) (answer, error) {
	connection, err := p.dial(who)
	if err != nil {
		return nil, err
	}
	p.agent = &Agent{jobs: kontorv1.NewFulfilmentServiceClient(connection)}
	if err := p.agent.Register(ctx, r.LeaseSeconds, r.Offer); err != nil {
		return nil, err
	}
	return answer{"lease_seconds": p.agent.session.LeaseSeconds}, nil
}

func (p *player) claim(ctx context.Context, _ string, r request) (answer, error) {
	job, err := p.agent.Claim(ctx)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return nil, errors.New("there is no job")
	}
	p.jobs[r.Job] = job
	answers := []string{}
	for _, question := range job.Questions {
		answers = append(answers, valueText(question.Answer))
	}
	return answer{"item": job.Item, "kind": job.Kind.String(), "prior_intent": job.PriorIntent,
		"parameters": texts(job.Parameters), "answers": answers}, nil
}

func (p *player) ask(ctx context.Context, _ string, r request) (answer, error) {
	item, err := p.agent.Ask(ctx, p.jobs[r.Job], r.Question, int64(r.Minimum), int64(r.Maximum))
	return state(item), err
}

func (p *player) begin(ctx context.Context, _ string, r request) (answer, error) {
	item, err := p.agent.Begin(ctx, p.jobs[r.Job])
	return state(item), err
}

func (p *player) renew(ctx context.Context, _ string, _ request) (answer, error) {
	reply, err := p.agent.Renew(ctx)
	if err != nil {
		return nil, err
	}
	held := []string{}
	for _, job := range reply.Jobs {
		held = append(held, job.Item)
	}
	return answer{"held": held}, nil
}

// report says under a request_id of a name, so that a later step can say it again.
func (p *player) report(ctx context.Context, _ string, r request) (answer, error) {
	if p.ids[r.ID] == "" {
		p.ids[r.ID] = uuid.NewString()
	}
	job := p.jobs[r.Job]
	reply, err := p.agent.Report(ctx, &kontorv1.ReportRequest{Item: job.Item, Fence: job.Fence,
		Milestone: r.Milestone, Note: r.Note, Progress: r.Progress, RequestId: p.ids[r.ID]})
	if err != nil {
		return nil, err
	}
	isSame := p.reports[r.ID] == reply.Seq
	p.reports[r.ID] = reply.Seq
	return answer{"same": isSame}, nil
}

func madeBy(language string) []*kontorv1.ParameterValue {
	return []*kontorv1.ParameterValue{{Id: "made_by",
		Value: &kontorv1.Value{Kind: &kontorv1.Value_Text{Text: language}}}}
}

func (p *player) complete(ctx context.Context, _ string, r request) (answer, error) {
	job := p.jobs[r.Job]
	delivery := &kontorv1.Delivery{BackendId: r.BackendID, Outputs: madeBy(r.MadeBy)}
	if r.Access != "" {
		sealed, err := Seal(job, []byte(r.Access))
		if err != nil {
			return nil, err
		}
		delivery.Sealed = sealed
	}
	item, err := p.agent.Complete(ctx, job, delivery)
	return state(item), err
}

// shelf is a backend whose first answers get lost. It would make a second object of one name.
type shelf struct {
	made        map[string]string
	created     int
	found       int
	lostAnswers int
}

func (s *shelf) Find(name string) (string, bool) {
	id, found := s.made[name]
	if found {
		s.found++
	}
	return id, found
}

func (s *shelf) Create(name string) (string, error) {
	s.created++
	s.made[name] = "object-" + name
	if s.lostAnswers > 0 {
		s.lostAnswers--
		return "", ErrNobodyKnows
	}
	return s.made[name], nil
}

func (p *player) serve(ctx context.Context, _ string, r request) (answer, error) {
	backend := &shelf{made: map[string]string{}, lostAnswers: r.LostAnswers}
	completed, err := p.agent.Serve(ctx, backend, int(r.Deliveries), madeBy(p.language))
	return answer{"created": backend.created, "found": backend.found, "completed": completed}, err
}

// ---- The broker's end ----

// kill has the broker killed by whoever started this program; it is started again when the next
// call has seen that it is away.
func (p *player) kill(context.Context, string, request) (answer, error) {
	say(answer{"wants": "kill"})
	_, err := stdin.ReadString('\n')
	return answer{}, err
}
