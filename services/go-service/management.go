package main

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// unmatched is the uri of requests without a route: paths from callers must not become labels.
const unmatched = "UNMATCHED"

var bounds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// management serves what kubelet and Prometheus ask: open, and on a port that no Service has.
func (s *Service) management() http.Handler {
	pages := map[string]http.HandlerFunc{
		// Nothing else is checked: a restart repairs no dependency.
		"/livez":    func(w http.ResponseWriter, _ *http.Request) { up(w) },
		"/startupz": s.startup,
		"/readyz":   s.readiness,
		"/metrics":  s.showMetrics,
		"/info":     s.info,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		page, ok := pages[request.URL.Path]
		switch {
		case !ok:
			notFound().write(w, nil)
		case request.Method != http.MethodGet && request.Method != http.MethodHead:
			methodNotAllowed("GET, HEAD").write(w, nil)
		default:
			page(w, request)
		}
	})
}

func up(w http.ResponseWriter) { writeJSON(w, http.StatusOK, map[string]string{"status": "UP"}) }

func down(w http.ResponseWriter, why string) {
	unavailable(why).write(w, map[string]string{"status": "DOWN"})
}

func (s *Service) startup(w http.ResponseWriter, _ *http.Request) {
	if s.state.Load() == starting {
		down(w, "startup: not started yet")
		return
	}
	up(w)
}

func (s *Service) readiness(w http.ResponseWriter, _ *http.Request) {
	switch s.state.Load() {
	case starting:
		down(w, "startup: not started yet")
	case draining:
		down(w, "shutdown: draining")
	default:
		up(w)
	}
}

func (s *Service) info(w http.ResponseWriter, _ *http.Request) {
	settings := s.live.Settings()
	writeJSON(w, http.StatusOK, map[string]any{
		"name": settings.Name, "version": version, "profiles": settings.Profiles,
		"config": map[string]string{"hash": settings.Hash},
	})
}

func (s *Service) showMetrics(w http.ResponseWriter, _ *http.Request) {
	settings := s.live.Settings()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	gauge(w, "config_info", fmt.Sprintf("{hash=%q,profiles=%q}", settings.Hash, strings.Join(settings.Profiles, ",")), true)
	gauge(w, "config_last_reload_successful", "", !s.live.Refused())
	gauge(w, "config_restart_required", "", s.live.RestartRequired())
	s.metrics.write(w)
}

func gauge(w http.ResponseWriter, name, labels string, holds bool) {
	number := 0
	if holds {
		number = 1
	}
	fmt.Fprintf(w, "# TYPE %s gauge\n%s%s %d\n", name, name, labels, number)
}

// Metrics is a histogram with Spring's name, which the alerts of the component monitoring read.
type Metrics struct {
	mutex  sync.Mutex
	series map[string]*series
}

type series struct {
	buckets []int
	count   int
	seconds float64
}

func newMetrics() *Metrics { return &Metrics{series: map[string]*series{}} }

func (m *Metrics) observe(method, uri string, status int, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "OTHER"
	}
	labels := fmt.Sprintf("method=%q,uri=%q,status=\"%d\"", method, uri, status)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	one, ok := m.series[labels]
	if !ok {
		one = &series{buckets: make([]int, len(bounds))}
		m.series[labels] = one
	}
	for i, bound := range bounds {
		if took.Seconds() <= bound {
			one.buckets[i]++
		}
	}
	one.count++
	one.seconds += took.Seconds()
}

func (m *Metrics) write(w http.ResponseWriter) {
	const metric = "http_server_requests_seconds"
	m.mutex.Lock()
	defer m.mutex.Unlock()
	fmt.Fprintf(w, "# HELP %s Duration of requests by method, route and status.\n# TYPE %s histogram\n", metric, metric)
	names := make([]string, 0, len(m.series))
	for labels := range m.series {
		names = append(names, labels)
	}
	sort.Strings(names)
	for _, labels := range names {
		one := m.series[labels]
		for i, bound := range bounds {
			fmt.Fprintf(w, "%s_bucket{%s,le=\"%g\"} %d\n", metric, labels, bound, one.buckets[i])
		}
		fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n", metric, labels, one.count)
		fmt.Fprintf(w, "%s_sum{%s} %g\n%s_count{%s} %d\n", metric, labels, one.seconds, metric, labels, one.count)
	}
}
