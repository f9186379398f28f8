package timeline

import "kmscope/wire"

// open learns which server a connection belongs to.
func (l *Lanes) open(f *wire.Fact) {
	if l.conns == nil {
		l.conns = make(map[string]*laneServer)
	}
	if f.Text == "" && len(l.servers) == 1 {
		l.conns[f.Conn] = l.servers[0]
		return
	}
	l.conns[f.Conn] = l.named(f.Text)
}

func (l *Lanes) named(url string) *laneServer {
	for _, s := range l.servers {
		if s.url == url {
			return s
		}
	}
	s := &laneServer{url: url}
	l.servers = append(l.servers, s)
	return s
}

// server finds the server of a connection; one that nobody saw open belongs to
// the only server known, or to the nameless one.
func (l *Lanes) server(conn string) *laneServer {
	if s := l.conns[conn]; s != nil {
		return s
	}
	if len(l.servers) == 1 {
		return l.servers[0]
	}
	return l.named("")
}
