package main

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// ttlCache has a bounded number of values, the oldest evicted first. Ages count from the request.
type ttlCache[V any] struct {
	mutex   sync.Mutex
	entries map[string]*list.Element
	order   *list.List
}

type entry[V any] struct {
	key     string
	value   V
	askedAt time.Time
}

func newCache[V any]() *ttlCache[V] {
	return &ttlCache[V]{entries: map[string]*list.Element{}, order: list.New()}
}

func (c *ttlCache[V]) get(key string, ttl time.Duration) (V, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var none V
	element, ok := c.entries[key]
	if !ok {
		return none, false
	}
	if found := element.Value.(entry[V]); time.Since(found.askedAt) < ttl {
		return found.value, true
	}
	c.remove(element)
	return none, false
}

func (c *ttlCache[V]) put(key string, value V, askedAt time.Time, bound int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if element, ok := c.entries[key]; ok {
		c.remove(element)
	}
	c.entries[key] = c.order.PushBack(entry[V]{key, value, askedAt})
	for len(c.entries) > bound {
		c.remove(c.order.Front())
	}
}

func (c *ttlCache[V]) drop(key string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if element, ok := c.entries[key]; ok {
		c.remove(element)
	}
}

func (c *ttlCache[V]) clear() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	clear(c.entries)
	c.order.Init()
}

func (c *ttlCache[V]) size() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return len(c.entries)
}

func (c *ttlCache[V]) remove(element *list.Element) {
	delete(c.entries, element.Value.(entry[V]).key)
	c.order.Remove(element)
}

// flights shares one call among all who ask for the same key at the same time.
type flights[V any] struct {
	mutex  sync.Mutex
	flying map[string]*flight[V]
}

type flight[V any] struct {
	landed chan struct{}
	value  V
	err    error
}

func newFlights[V any]() *flights[V] { return &flights[V]{flying: map[string]*flight[V]{}} }

// run returns what call returns, here or in the flight that is under way. A caller that gives up
// ends its own wait only: the others still want the value.
func (f *flights[V]) run(ctx context.Context, key string, call func(context.Context) (V, error)) (V, error) {
	f.mutex.Lock()
	one, ok := f.flying[key]
	if !ok {
		one = &flight[V]{landed: make(chan struct{})}
		f.flying[key] = one
		go f.fly(context.WithoutCancel(ctx), key, one, call)
	}
	f.mutex.Unlock()
	select {
	case <-one.landed:
		return one.value, one.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

func (f *flights[V]) fly(ctx context.Context, key string, one *flight[V], call func(context.Context) (V, error)) {
	one.value, one.err = call(ctx)
	f.mutex.Lock()
	delete(f.flying, key)
	f.mutex.Unlock()
	close(one.landed)
}
