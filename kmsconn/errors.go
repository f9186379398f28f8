package kmsconn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kmscope/kmsconn/jsonrpc"
)

// Code is the code of a Kurento error reply.
type Code int

// Codes of error replies that the program treats in a way of their own
// (observed: recordings 05-errors and 06-reconnect; names of the server's
// KurentoException).
const (
	CodeMethodNotFound     Code = -32601
	CodeInvalidParams      Code = -32602
	CodeMarshall           Code = 40001
	CodeInvalidSession     Code = 40007
	CodeMalformed          Code = 40008 // also what an unknown operation gives
	CodeNotEnoughResources Code = 40009
	CodeObjectNotFound     Code = 40101
	CodeMethodMissing      Code = 40105
	CodeEventNotSupported  Code = 40106
	CodeTypeNotAvailable   Code = 40108
	CodeUnknownModule      Code = 40500
)

// Error is a refusal by the server: the call arrived and was answered.
type Error struct {
	Code Code
	// Type is the server's name of the error, such as MEDIA_OBJECT_NOT_FOUND;
	// "" when the reply had none.
	Type    string
	Message string
	// Op and Object say what was asked: "getStats", and an object id or "".
	Op     string
	Object string
}

// Error gives the server's words with what was asked.
func (e *Error) Error() string {
	message := e.Message
	if message == "" {
		message = "refused without a reason"
	}
	if e.Type != "" {
		return fmt.Sprintf("%s: %s (%d %s)", e.Op, message, e.Code, e.Type)
	}
	return fmt.Sprintf("%s: %s (%d)", e.Op, message, e.Code)
}

func codeIs(err error, codes ...Code) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}

// IsNotFound reports that the object does not exist, or not any more. After a
// listing it is a normal race, not a failure.
func IsNotFound(err error) bool { return codeIs(err, CodeObjectNotFound) }

// IsInvalidSession reports that the server does not know the session.
func IsInvalidSession(err error) bool { return codeIs(err, CodeInvalidSession) }

// IsUnknownOperation reports that the class has no such operation.
func IsUnknownOperation(err error) bool { return codeIs(err, CodeMalformed, CodeMethodMissing) }

// IsUnknownEvent reports that the class has no such event.
func IsUnknownEvent(err error) bool { return codeIs(err, CodeEventNotSupported) }

// IsUnknownMethod reports that the server has no such protocol method.
func IsUnknownMethod(err error) bool { return codeIs(err, CodeMethodNotFound) }

// newError makes the error of a reply, with what was asked.
func newError(rpc *jsonrpc.RPCError, op, object string) *Error {
	var data struct {
		Type string `json:"type"`
	}
	// data may be absent, or anything: then there is no type.
	_ = json.Unmarshal(rpc.Data, &data)
	return &Error{Code: Code(rpc.Code), Type: data.Type, Message: rpc.Message, Op: op, Object: object}
}

// TimeoutError tells that the server gave no reply in time.
type TimeoutError struct {
	Op     string
	Object string
	After  time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s: the server gave no answer within %s", e.Op, e.After.Round(time.Millisecond))
}

// Timeout is true: it is a timeout for those who ask as package net does.
func (e *TimeoutError) Timeout() bool { return true }

// Is makes it match context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// FailNotKurento is the Failure of a WebSocket server that is no Kurento
// server; FailSilent that of one that accepts the connection and answers
// nothing.
const (
	FailNotKurento jsonrpc.Failure = "not-kurento"
	FailSilent     jsonrpc.Failure = "silent"
)

// DownError tells that a call was not sent, or got no reply, because the
// connection is down; it will be replaced. Cause is the reason.
type DownError struct{ Cause error }

func (e *DownError) Error() string {
	if e.Cause == nil {
		return "not connected to the server"
	}
	return "not connected to the server: " + e.Cause.Error()
}
func (e *DownError) Unwrap() error { return e.Cause }

// IsDown reports that the connection was down, or broke during the call.
func IsDown(err error) bool {
	var down *DownError
	return errors.As(err, &down)
}
