package main

import (
	"context"

	"plain/kontorv1"
)

// pending is an order that waits for the commit it is to be part of.
type pending struct {
	id, project string
	doc         []byte
	done        chan error
}

// putWithOthers answers when the order is on the disk.
func (s *store) putWithOthers(ctx context.Context, request *kontorv1.PlaceOrderRequest,
	doc []byte) error {
	order := &pending{request.Id, request.Project, doc, make(chan error, 1)}
	select {
	case s.orders <- order:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-order.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commitBatches writes what waits in one transaction, and what came meanwhile in the next.
func (s *store) commitBatches() {
	for first := range s.orders {
		batch := []*pending{first}
		for len(batch) < s.batch && len(s.orders) > 0 {
			batch = append(batch, <-s.orders)
		}
		err := s.commit(batch)
		for _, order := range batch {
			order.done <- err
		}
	}
}

func (s *store) commit(batch []*pending) error {
	tx, err := s.writer.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	insert := tx.Stmt(s.insert)
	for _, order := range batch {
		if _, err := insert.Exec(order.id, order.project, order.doc); err != nil {
			return err
		}
	}
	return tx.Commit()
}
