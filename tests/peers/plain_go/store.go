package main

import (
	"context"
	"database/sql"
	"os"
	"path"

	"fmt"

	_ "github.com/mattn/go-sqlite3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"plain/kontorv1"
)

const schema = `
CREATE TABLE IF NOT EXISTS service (id TEXT PRIMARY KEY, doc BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, project TEXT NOT NULL, doc BLOB NOT NULL);
`

// store is one SQLite file: many readers, and one connection that writes.
type store struct {
	kontorv1.UnimplementedCatalogueServiceServer
	kontorv1.UnimplementedOrderServiceServer
	get    *sql.Stmt
	writer *sql.DB
	insert *sql.Stmt
	batch  int
	orders chan *pending
}

func openStore(file, record string, services, batch int) (*store, error) {
	// As durable as Kontor's own: a commit is on the disk before it is answered.
	dsn := "file:" + file + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000"
	writer, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	if _, err := writer.Exec(schema); err != nil {
		return nil, err
	}
	reader, err := sql.Open("sqlite3", dsn+"&mode=ro")
	if err != nil {
		return nil, err
	}
	// A reader a call under way: what waits for a connection would only wait.
	reader.SetMaxOpenConns(8)
	reader.SetMaxIdleConns(8)
	s := &store{writer: writer, batch: batch, orders: make(chan *pending, 1024)}
	if err := s.fill(record, services); err != nil {
		return nil, err
	}
	if s.get, err = reader.Prepare("SELECT doc FROM service WHERE id = ?"); err != nil {
		return nil, err
	}
	s.insert, err = writer.Prepare("INSERT INTO orders (id, project, doc) VALUES (?, ?, ?)")
	if batch > 1 {
		go s.commitBatches()
	}
	return s, err
}

func (s *store) register(server *grpc.Server) {
	kontorv1.RegisterCatalogueServiceServer(server, s)
	kontorv1.RegisterOrderServiceServer(server, s)
}

// fill stores the record under its own id, and under others so that the table has some depth.
func (s *store) fill(record string, n int) error {
	if record == "" {
		return nil
	}
	doc, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	service := new(kontorv1.Service)
	if err := proto.Unmarshal(doc, service); err != nil {
		return err
	}
	tx, err := s.writer.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	const put = "INSERT OR REPLACE INTO service VALUES (?, ?)"
	if _, err := tx.Exec(put, service.Id, doc); err != nil {
		return err
	}
	for i := 1; i < n; i++ {
		if _, err := tx.Exec(put, fmt.Sprintf("%s-%d", service.Id, i), doc); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (s *store) GetService(ctx context.Context, request *kontorv1.GetServiceRequest) (
	*kontorv1.Service, error) {
	var doc []byte
	err := s.get.QueryRowContext(ctx, request.Id).Scan(&doc)
	if err == sql.ErrNoRows {
		return nil, status.Errorf(codes.NotFound, "there is no service %s", request.Id)
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	service := new(kontorv1.Service)
	if err := proto.Unmarshal(doc, service); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return service, nil
}

// stored is an order with its items, as one document.
func stored(request *kontorv1.PlaceOrderRequest) *kontorv1.PlaceOrderResponse {
	now := timestamppb.Now()
	order := &kontorv1.Order{
		Id: request.Id, Project: request.Project, CreatedAt: now, UpdatedAt: now,
		State: kontorv1.OrderState_ORDER_ACKNOWLEDGED, Mode: request.Mode,
		OnBehalfOf: request.OnBehalfOf, Note: request.Note,
	}
	reply := &kontorv1.PlaceOrderResponse{Order: order}
	for _, item := range request.Items {
		reply.Items = append(reply.Items, &kontorv1.OrderItem{
			Id: path.Join(request.Id, item.Id), Offer: item.Offer, Action: item.Action,
			Parameters: item.Parameters, State: kontorv1.ItemState_AWAITING_APPROVAL,
		})
	}
	return reply
}

func (s *store) PlaceOrder(ctx context.Context, request *kontorv1.PlaceOrderRequest) (
	*kontorv1.PlaceOrderResponse, error) {
	reply := stored(request)
	doc, err := proto.Marshal(reply)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if s.batch > 1 {
		err = s.putWithOthers(ctx, request, doc)
	} else {
		// One statement is a transaction of its own.
		_, err = s.insert.ExecContext(ctx, request.Id, request.Project, doc)
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return reply, nil
}
