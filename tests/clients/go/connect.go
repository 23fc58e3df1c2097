package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

// docs:begin connect

// Connect makes a connection that proves who calls. It dials when first used, and again whenever
// the connection is lost.
func Connect(address, ca, cert, key string) (*grpc.ClientConn, error) {
	own, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", ca)
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(credentials.NewTLS(
		&tls.Config{Certificates: []tls.Certificate{own}, RootCAs: roots})))
}

// docs:end connect

// docs:begin refusal

// Refusal is what an error says to a program: docs/errors.md has every reason.
type Refusal struct {
	Status     codes.Code
	Reason     string
	Metadata   map[string]string
	Fields     []string // paths of what is wrong in the request
	RetryAfter time.Duration
}

// RefusalOf reads the details of an error.
func RefusalOf(err error) Refusal {
	said := status.Convert(err)
	refusal := Refusal{Status: said.Code()}
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			refusal.Reason = detail.Reason
			refusal.Metadata = detail.Metadata
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				refusal.Fields = append(refusal.Fields, violation.Field)
			}
		case *errdetails.RetryInfo:
			refusal.RetryAfter = detail.RetryDelay.AsDuration()
		}
	}
	return refusal
}

// docs:end refusal

// docs:begin repeat

// IsOpen says whether the same request may end better when it is sent again.
func (r Refusal) IsOpen() bool {
	switch r.Reason {
	case "CONTENTION", "OVERLOADED", "OUTCOME_UNKNOWN":
		return true
	}
	return r.Status == codes.Unavailable
}

// Repeat makes a call until its outcome is known, or the context is over. The call sends the very
// same request each time, so that its request_id makes many attempts one change.
func Repeat[Reply any](ctx context.Context, call func(context.Context) (Reply, error)) (Reply, error) {
	for attempt := 0; ; attempt++ {
		reply, err := call(ctx)
		if err == nil {
			return reply, nil
		}
		refusal := RefusalOf(err)
		if !refusal.IsOpen() {
			return reply, err
		}
		onRetry(refusal)
		select {
		case <-ctx.Done():
			return reply, err
		case <-time.After(pause(attempt, refusal.RetryAfter)):
		}
	}
}

// pause is random by half, so that callers cut off together do not come back together.
func pause(attempt int, retryAfter time.Duration) time.Duration {
	limit := 50 * time.Millisecond << min(attempt, 6)
	return retryAfter + limit/2 + rand.N(limit/2)
}

// docs:end repeat
