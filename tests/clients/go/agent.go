package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"portal/kontorv1"
)

// docs:begin backend

// ErrNobodyKnows is a backend's: it did not answer, and may have made the object all the same.
var ErrNobodyKnows = errors.New("the backend did not answer")

// ErrLost is an agent's: the job is somebody else's now, or may be.
var ErrLost = errors.New("the lease is over")

// Backend is where a provider makes things.
type Backend interface {
	Find(name string) (id string, found bool)
	Create(name string) (id string, err error)
}

// docs:end backend

// docs:begin register

// Agent carries out what is ordered from some offers, one job at a time.
type Agent struct {
	jobs    kontorv1.FulfilmentServiceClient
	session *kontorv1.Session

	lock      sync.Mutex // of what follows: renewals come from another goroutine
	leaseEnd  time.Time  // by the monotonic clock
	fence     int64      // of the job that was claimed last
	claimedAt time.Time
	isLost    bool // that job is somebody else's now, or the session is over
}

// Register opens a session: what holds the leases of all jobs it claims.
func (a *Agent) Register(ctx context.Context, leaseSeconds int32, offers ...string) error {
	request := &kontorv1.RegisterAgentRequest{
		Offers: offers, MaxParallel: 1, LeaseSeconds: leaseSeconds,
		Kinds: []kontorv1.JobKind{kontorv1.JobKind_PROVISION}, RequestId: uuid.NewString()}
	asked := time.Now()
	session, err := Repeat(ctx, func(ctx context.Context) (*kontorv1.Session, error) {
		return a.jobs.RegisterAgent(ctx, request)
	})
	if err != nil {
		return err
	}
	a.session = session
	a.leaseEnd = asked.Add(time.Duration(session.LeaseSeconds) * time.Second)
	return nil
}

// docs:end register

// docs:begin renew

// Renew extends the lease of everything the session holds. The lease counts from when it was asked
// for, since the answer may have taken long. A job that is missing in the answer, or has become
// another kind because its customer cancels, is not to be gone on with.
func (a *Agent) Renew(ctx context.Context) (*kontorv1.RenewResponse, error) {
	asked := time.Now()
	reply, err := a.jobs.Renew(ctx, &kontorv1.RenewRequest{Session: a.session.Id})
	if err != nil {
		return nil, err
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	a.leaseEnd = asked.Add(time.Duration(reply.LeaseSeconds) * time.Second)
	isHeld := slices.ContainsFunc(reply.Jobs, func(job *kontorv1.HeldJob) bool {
		return job.Fence == a.fence && job.Kind == kontorv1.JobKind_PROVISION
	})
	a.isLost = a.isLost || !isHeld && a.claimedAt.Before(asked)
	return reply, nil
}

// KeepRenewing renews at a third of the lease, so that a renewal may fail.
func (a *Agent) KeepRenewing(ctx context.Context) {
	beat := time.NewTicker(time.Duration(a.session.LeaseSeconds) * time.Second / 3)
	defer beat.Stop()
	for {
		_, err := a.Renew(ctx)
		if err != nil && ctx.Err() == nil && !RefusalOf(err).IsOpen() {
			a.lock.Lock()
			a.isLost = true
			a.lock.Unlock()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
	}
}

// MayCreate says whether something new may still be begun for the job.
func (a *Agent) MayCreate() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return !a.isLost && time.Now().Before(a.leaseEnd)
}

// docs:end renew

// docs:begin calls

// Claim waits for a job; nil: there was none within 20 seconds.
func (a *Agent) Claim(ctx context.Context) (*kontorv1.ClaimedJob, error) {
	request := &kontorv1.ClaimRequest{
		Session: a.session.Id, Max: 1, WaitSeconds: 20, RequestId: uuid.NewString()}
	reply, err := Repeat(ctx, func(ctx context.Context) (*kontorv1.ClaimResponse, error) {
		return a.jobs.Claim(ctx, request)
	})
	if err != nil || len(reply.Jobs) == 0 {
		return nil, err
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	a.fence, a.claimedAt, a.isLost = reply.Jobs[0].Fence, time.Now(), false
	return reply.Jobs[0], nil
}

// Begin says that from here on the object may exist.
func (a *Agent) Begin(ctx context.Context, job *kontorv1.ClaimedJob) (*kontorv1.OrderItem, error) {
	request := &kontorv1.BeginRequest{
		Item: job.Item, Fence: job.Fence, Intent: job.Intent, RequestId: uuid.NewString()}
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.OrderItem, error) {
		return a.jobs.Begin(ctx, request)
	})
}

// Report tells the customer how it goes on.
func (a *Agent) Report(ctx context.Context, request *kontorv1.ReportRequest) (*kontorv1.ReportResponse, error) {
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.ReportResponse, error) {
		return a.jobs.Report(ctx, request)
	})
}

// Complete says what was delivered.
func (a *Agent) Complete(ctx context.Context, job *kontorv1.ClaimedJob, delivery *kontorv1.Delivery) (*kontorv1.OrderItem, error) {
	request := &kontorv1.CompleteRequest{
		Item: job.Item, Fence: job.Fence, Delivery: delivery, RequestId: uuid.NewString()}
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.OrderItem, error) {
		return a.jobs.Complete(ctx, request)
	})
}

// Ask asks the customer for a number. The job ends; it is claimed again once there is an answer.
func (a *Agent) Ask(ctx context.Context, job *kontorv1.ClaimedJob, question string, minimum, maximum int64) (*kontorv1.OrderItem, error) {
	request := &kontorv1.AskInfoRequest{
		Item: job.Item, Fence: job.Fence, Question: question, RequestId: uuid.NewString(),
		Expects: &kontorv1.Parameter{
			Id: "answer", Label: "Answer", Required: true,
			Type: &kontorv1.Parameter_Integer{Integer: &kontorv1.IntegerParameter{
				Minimum: &minimum, Maximum: &maximum}}}}
	return Repeat(ctx, func(ctx context.Context) (*kontorv1.OrderItem, error) {
		return a.jobs.AskInfo(ctx, request)
	})
}

// docs:end calls

// docs:begin serve

// Serve claims and carries out jobs until so many are completed; it answers how many were.
func (a *Agent) Serve(ctx context.Context, backend Backend, deliveries int, outputs []*kontorv1.ParameterValue) (int, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go a.KeepRenewing(ctx)
	done := 0
	for done < deliveries {
		job, err := a.Claim(ctx)
		if err != nil {
			return done, err
		}
		if job == nil {
			continue
		}
		err = a.work(ctx, job, backend, outputs)
		if errors.Is(err, ErrNobodyKnows) {
			err = a.fail(ctx, job, kontorv1.FailRequest_UNKNOWN, err.Error())
		} else if err == nil {
			done++
		}
		// What is lost is somebody else's now: leave it and claim again.
		if err != nil && !errors.Is(err, ErrLost) && RefusalOf(err).Reason != "LEASE_LOST" {
			return done, err
		}
	}
	return done, nil
}

// work makes one object. A job that was begun before may have made it: then it is looked for.
func (a *Agent) work(ctx context.Context, job *kontorv1.ClaimedJob, backend Backend, outputs []*kontorv1.ParameterValue) error {
	id, found := "", false
	if job.PriorIntent != "" {
		id, found = backend.Find(job.Intent)
	} else if _, err := a.Begin(ctx, job); err != nil {
		return err
	}
	if !found {
		if !a.MayCreate() {
			return ErrLost
		}
		var err error
		if id, err = backend.Create(job.Intent); err != nil {
			return err
		}
	}
	_, err := a.Complete(ctx, job, &kontorv1.Delivery{BackendId: id, Outputs: outputs})
	return err
}

// fail says how a job failed. UNKNOWN: the next attempt looks before it creates.
func (a *Agent) fail(ctx context.Context, job *kontorv1.ClaimedJob, failure kontorv1.FailRequest_Failure, reason string) error {
	request := &kontorv1.FailRequest{Item: job.Item, Fence: job.Fence, Failure: failure,
		Reason: reason, RequestId: uuid.NewString()}
	_, err := Repeat(ctx, func(ctx context.Context) (*kontorv1.OrderItem, error) {
		return a.jobs.Fail(ctx, request)
	})
	return err
}

// docs:end serve

// docs:begin seal

// Seal seals access details to the certificates of the job; the broker cannot open them.
func Seal(job *kontorv1.ClaimedJob, plain []byte) ([]byte, error) {
	folder, err := os.MkdirTemp("", "seal")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	words := []string{"cms", "-encrypt", "-aes-256-gcm", "-binary", "-outform", "DER"}
	for i, certificate := range job.SealTo {
		path := filepath.Join(folder, strconv.Itoa(i))
		if err := os.WriteFile(path, []byte(certificate), 0o600); err != nil {
			return nil, err
		}
		words = append(words, "-recip", path)
	}
	command := exec.Command("openssl", words...)
	command.Stdin = bytes.NewReader(plain)
	return command.Output()
}

// docs:end seal
