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
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

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
