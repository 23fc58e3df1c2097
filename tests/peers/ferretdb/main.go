// Ferretdb is one MongoDB-compatible server for tests: FerretDB 1.x inside a program that says when
// and where it listens, and that ends the moment it is told to.
//
//	ferretdb -listen 127.0.0.1:0 -sqlite DIR
//	ferretdb -listen 127.0.0.1:0 -postgres URL
//	ferretdb -listen 127.0.0.1:0 -tls -cert FILE -key FILE [-ca FILE] ...
//
// Standard output gets one line, `ready mongodb://HOST:PORT/`, once the socket is bound; with TLS the
// address ends in `?tls=true`. Standard error gets what went wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// options are the command line's words.
type options struct {
	listen   string
	tls      bool
	cert     string
	key      string
	ca       string
	sqlite   string
	postgres string
}

func main() {
	endOnSignal()
	err := serve(parse())
	fmt.Fprintln(os.Stderr, "ferretdb:", err)
	os.Exit(1)
}

// endOnSignal does not wait for clients as FerretDB's own way of stopping does: what was acknowledged
// is with the backend already, and a test that stops a server wants it gone.
func endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-signals
		os.Exit(0)
	}()
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	flag.BoolVar(&o.tls, "tls", false, "speak TLS only; needs -cert and -key")
	flag.StringVar(&o.cert, "cert", "", "server's certificate, PEM")
	flag.StringVar(&o.key, "key", "", "server's private key, PEM")
	flag.StringVar(&o.ca, "ca", "", "authority that clients' certificates must come from, PEM")
	flag.StringVar(&o.sqlite, "sqlite", "", "folder of the SQLite files; it is made when absent")
	flag.StringVar(&o.postgres, "postgres", "", "URL of a PostgreSQL database that exists")
	flag.Parse()
	return o
}

// serve answers only when something went wrong.
func serve(o *options) error {
	config, err := configure(o)
	if err != nil {
		return err
	}
	server, err := ferretdb.New(config) // binds the socket
	if err != nil {
		return err
	}
	fmt.Println("ready", server.MongoDBURI())
	return server.Run(context.Background())
}

func configure(o *options) (*ferretdb.Config, error) {
	if flag.NArg() > 0 {
		return nil, fmt.Errorf("unknown word %q", flag.Arg(0))
	}
	listener, err := listenerOf(o)
	if err != nil {
		return nil, err
	}
	level := &slog.HandlerOptions{Level: slog.LevelError}
	config := &ferretdb.Config{
		Listener: listener,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, level)),
	}
	return config, setBackend(config, o)
}

func listenerOf(o *options) (ferretdb.ListenerConfig, error) {
	if !o.tls && o.cert+o.key+o.ca != "" {
		return ferretdb.ListenerConfig{}, errors.New("-cert, -key and -ca mean nothing without -tls")
	}
	if !o.tls {
		return ferretdb.ListenerConfig{TCP: o.listen}, nil
	}
	if o.cert == "" || o.key == "" {
		return ferretdb.ListenerConfig{}, errors.New("-tls needs -cert and -key")
	}
	listener := ferretdb.ListenerConfig{TLS: o.listen}
	err := errors.Join(makeAbsolute(&listener.TLSCertFile, o.cert),
		makeAbsolute(&listener.TLSKeyFile, o.key), makeAbsolute(&listener.TLSCAFile, o.ca))
	return listener, err
}

// makeAbsolute keeps a file's name right when the working folder changes; no name stays none.
func makeAbsolute(to *string, name string) error {
	if name == "" {
		return nil
	}
	absolute, err := filepath.Abs(name)
	*to = absolute
	return err
}

func setBackend(config *ferretdb.Config, o *options) error {
	if (o.sqlite == "") == (o.postgres == "") {
		return errors.New("give one of -sqlite and -postgres")
	}
	if o.postgres != "" {
		config.Handler, config.PostgreSQLURL = "postgresql", o.postgres
		return nil
	}
	if err := os.MkdirAll(o.sqlite, 0o700); err != nil {
		return err
	}
	// FerretDB hands the folder to SQLite inside an address, which bears no %, ? or #: as the working
	// folder it may have any name.
	config.Handler, config.SQLiteURL = "sqlite", "file:./"
	return os.Chdir(o.sqlite)
}
