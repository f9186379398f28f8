// Package kmd reads Kurento module descriptions, merges the modules of a
// server into one Schema, and answers what a class has: properties, methods,
// constructor, events, with inheritance and the server's own prose.
package kmd

// Module is one KMD file, as getKmd returns it. Fields that are unknown are
// ignored; missing ones are zero.
type Module struct {
	Name           string        `json:"name"`
	Version        string        `json:"version"`
	KurentoVersion string        `json:"kurentoVersion"`
	RemoteClasses  []Class       `json:"remoteClasses"`
	ComplexTypes   []ComplexType `json:"complexTypes"`
	Events         []Event       `json:"events"`
}

// Class is a remote class (KMD remoteClasses).
type Class struct {
	Name        string     `json:"name"`
	Doc         string     `json:"doc"`
	Abstract    bool       `json:"abstract"`
	Extends     string     `json:"extends"`
	Constructor *Method    `json:"constructor"`
	Properties  []Property `json:"properties"`
	Methods     []Method   `json:"methods"`
	Events      []string   `json:"events"`
	// Module is the module that declares the class; filled by the Schema.
	Module string `json:"-"`
}

// Property of a class or of a complex type. A property x is read by the
// operation getX and, unless Final or ReadOnly, set by setX.
type Property struct {
	Name         string `json:"name"`
	Doc          string `json:"doc"`
	Type         string `json:"type"` // "int", "String", "MediaType", "Tag[]", "Stats<>"
	Final        bool   `json:"final"`
	ReadOnly     bool   `json:"readOnly"`
	Optional     bool   `json:"optional"`
	DefaultValue any    `json:"defaultValue"`
}

// Method of a class, or its constructor (without Name).
type Method struct {
	Name   string     `json:"name"`
	Doc    string     `json:"doc"`
	Params []Property `json:"params"`
	Return *Return    `json:"return"`
}

// Return is what a method gives.
type Return struct {
	Type string `json:"type"`
	Doc  string `json:"doc"`
}

// ComplexType is an enumeration (Format "ENUM", Values) or a struct (Format
// "REGISTER", Properties).
type ComplexType struct {
	Name       string     `json:"name"`
	Doc        string     `json:"doc"`
	TypeFormat string     `json:"typeFormat"`
	Extends    string     `json:"extends"`
	Values     []string   `json:"values"`
	Properties []Property `json:"properties"`
}

// Event is an event type with its own properties.
type Event struct {
	Name       string     `json:"name"`
	Doc        string     `json:"doc"`
	Extends    string     `json:"extends"`
	Properties []Property `json:"properties"`
}

// Getter is the operation that reads the property: "getName" for "name". The
// first letter alone changes, as in the server's generated code.
func (p Property) Getter() string { return "get" + upperFirst(p.Name) }

// Setter is the operation that sets the property; "" when it cannot be set.
func (p Property) Setter() string {
	if p.Final || p.ReadOnly {
		return ""
	}
	return "set" + upperFirst(p.Name)
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
