package main

// The provider's side of the scenario, and the broker's end.

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"portal/kontorv1"
)

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
