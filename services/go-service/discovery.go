package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

// dialer finds Services by name: by DNS in a cluster, and by a table where localkube writes one
// (docs/discovery.md). The table is read at each new connection: connections are used again.
func dialer(settings *Settings) func(context.Context, string, string) (net.Conn, error) {
	dial := &net.Dialer{Timeout: settings.ConnectTimeout}
	if settings.SourceAddress != "" {
		dial.LocalAddr = &net.TCPAddr{IP: net.ParseIP(settings.SourceAddress)}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if settings.DiscoveryMode == "static" {
			found, err := lookUp(settings, address)
			if err != nil {
				return nil, err
			}
			address = found
		}
		return dial.DialContext(ctx, network, address)
	}
}

func lookUp(settings *Settings, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil || host == "localhost" {
		return address, err
	}
	content, err := os.ReadFile(settings.DiscoveryTable)
	if err != nil {
		return "", err
	}
	var table map[string]string
	if err := json.Unmarshal(content, &table); err != nil {
		return "", fmt.Errorf("%s: %w", settings.DiscoveryTable, err)
	}
	service, namespace, _ := strings.Cut(strings.TrimSuffix(host, "."), ".")
	namespace, _, _ = strings.Cut(namespace, ".") // of name.namespace.svc.cluster.local
	if namespace == "" {
		namespace = settings.Namespace
	}
	found, ok := table[fmt.Sprintf("%s.%s:%s", service, namespace, port)]
	if !ok {
		return "", fmt.Errorf("no Service %s:%s in %s", service, port, namespace)
	}
	return found, nil
}

// newTransport has bounds for everything that waits or grows. No proxy: calls stay in the cluster.
func newTransport(settings *Settings) *http.Transport {
	return &http.Transport{
		DialContext:            dialer(settings),
		TLSHandshakeTimeout:    settings.ConnectTimeout,
		MaxConnsPerHost:        100,
		MaxIdleConnsPerHost:    100,
		IdleConnTimeout:        idleConnection,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}
