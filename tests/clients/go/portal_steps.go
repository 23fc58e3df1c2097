package main

// The customer's side of the scenario.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"portal/kontorv1"
)

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
