package jsonrpc

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// proxyError is a refusal by an HTTP proxy.
type proxyError struct {
	status int
	reason string
}

func (e *proxyError) Error() string { return e.reason }

// connectThrough opens a tunnel to addr through an HTTP proxy (CONNECT). It is
// our own because gorilla's panics on a status line without words and gives
// the status as text only.
func connectThrough(ctx context.Context, dialer *net.Dialer, proxy *url.URL, addr string) (net.Conn, error) {
	host := proxy.Host
	if proxy.Port() == "" {
		port := "80"
		if proxy.Scheme == "https" {
			port = "443"
		}
		host = net.JoinHostPort(proxy.Hostname(), port)
	}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, &proxyError{reason: "the proxy itself cannot be reached: " + plainReason(err)}
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // cannot fail on a fresh connection
	}
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if user := proxy.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", basicAuth(user.Username(), password))
	}
	if err := request.Write(conn); err != nil {
		conn.Close()
		return nil, &proxyError{reason: plainReason(err)}
	}
	// The buffered reader may be discarded: nothing follows the reply until
	// we speak.
	resp, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &proxyError{reason: "it gave no proper answer"}
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return conn, nil
	case http.StatusProxyAuthRequired, http.StatusUnauthorized: // tinyproxy says 401 to a wrong password
		reason := "it wants a user and a password (HTTP %d); write them into the proxy address in the environment, http://user:password@host:port"
		if proxy.User != nil {
			reason = "it refuses the user or the password of the proxy address in the environment (HTTP %d)"
		}
		err = &proxyError{status: resp.StatusCode, reason: fmt.Sprintf(reason, resp.StatusCode)}
	default:
		err = &proxyError{status: resp.StatusCode, reason: fmt.Sprintf("HTTP %s", statusText(resp))}
	}
	conn.Close()
	return nil, err
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
