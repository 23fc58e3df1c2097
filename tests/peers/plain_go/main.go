// Command plain is the service people write instead of taking a broker: grpc-go over SQLite, with
// no validation, no rights and no history. tools/bench compares Kontor with it.
//
// It answers Kontor's GetService from a table of stored services, stores PlaceOrder's order durably,
// and echoes as many bytes as it is told. It prints its port, and ends on SIGTERM.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var (
	caFile   = flag.String("ca", "", "certificates that callers are issued by")
	certFile = flag.String("cert", "", "the server's certificate")
	keyFile  = flag.String("key", "", "its key")
	dbFile   = flag.String("db", "", "SQLite file; created when it is not there")
	record   = flag.String("record", "", "file with one stored Service, which GetService answers")
	services = flag.Int("services", 1000, "how many rows the table of services has")
	size     = flag.Int("size", 0, "bytes of an echoed message")
	batch    = flag.Int("batch", 1, "orders a transaction at most")
)

// serverCredentials asks every caller for a certificate, as Kontor does.
func serverCredentials() (credentials.TransportCredentials, error) {
	own, err := tls.LoadX509KeyPair(*certFile, *keyFile)
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(*caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", *caFile)
	}
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{own},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    roots,
		MinVersion:   tls.VersionTLS13,
	}), nil
}

// echo answers with the same bytes whatever it is asked.
type echo struct{ reply *wrapperspb.BytesValue }

func (e *echo) get(context.Context, *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error) {
	return e.reply, nil
}

func handleEcho(server any, ctx context.Context, decode func(any) error,
	_ grpc.UnaryServerInterceptor) (any, error) {
	request := new(wrapperspb.BytesValue)
	if err := decode(request); err != nil {
		return nil, err
	}
	return server.(*echo).get(ctx, request)
}

var echoService = grpc.ServiceDesc{
	ServiceName: "bench.Echo",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: handleEcho}},
}

func run() error {
	creds, err := serverCredentials()
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(creds),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute}))
	// A field's tag and length are part of the message.
	server.RegisterService(&echoService,
		&echo{wrapperspb.Bytes(make([]byte, max(0, *size-1-varintSize(*size))))})
	if *dbFile != "" {
		store, err := openStore(*dbFile, *record, *services, *batch)
		if err != nil {
			return err
		}
		store.register(server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Stop()
	}()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

func varintSize(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		log.Fatalf("plain: %v", err)
	}
}
