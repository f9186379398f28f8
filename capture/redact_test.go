package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// plainText takes out what JSON escapes, so that a secret is found however it
// is written.
func plainText(b []byte) string {
	return strings.NewReplacer(`\/`, "/", `\"`, `"`, `\\`, `\`).Replace(string(b))
}

func recv(frame string) Record { return Record{Dir: DirRecv, Conn: "c", Frame: json.RawMessage(frame)} }
func send(frame string) Record { return Record{Dir: DirSend, Conn: "c", Frame: json.RawMessage(frame)} }

const (
	uuidA = "ad4be888-8962-4c98-bce4-1dc6e737397f"
	uuidB = "4a54f8bc-0289-49f3-8767-3c9f4f1127b1"
)

func TestRedact(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string   // want "" is the same
		never    []string // what must be gone; then want is not compared
	}{
		"event":             {in: `{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"type":"X","object":"` + uuidA + `_kurento.MediaPipeline","data":{"n":1e2, "a":[1,true,null]}}}}`},
		"session":           {in: `{"id":1, "result":{"sessionId":"` + uuidA + `","value":"x"}}`, want: `{"id":1, "result":{"sessionId":"session-1","value":"x"}}`},
		"own session":       {in: `{"params":{"sessionId":"kmscope-1f"}}`, want: `{"params":{"sessionId":"kmscope-session-1"}}`},
		"no session":        {in: `{"params":{"sessionId":""}}`},
		"session a number":  {in: `{"params":{"sessionId":5}}`},
		"redacted already":  {in: `{"params":{"sessionId":"session-12"}}`},
		"named like a type": {in: `{"method":"onEvent","params":{"sessionId":"onEvent"}}`, want: `{"method":"onEvent","params":{"sessionId":"session-1"}}`},
		"elsewhere":         {in: `[{"sessionId":"` + uuidA + `"},{"x":"` + uuidA + `"}]`, want: `[{"sessionId":"session-1"},{"x":"session-1"}]`},
		"list of sessions":  {in: `{"id":5,"result":{"value":["","` + uuidA + `","` + uuidB + `"]}}`, want: `{"id":5,"result":{"value":["","session-1","session-2"]}}`},
		"player":            {in: `{"uri":"rtsp://admin:s3cret@cam:554/live?x=a@b"}`, want: `{"uri":"rtsp://redacted@cam:554/live?x=a@b"}`},
		"player, escaped":   {in: `{"uri":"rtsp:\/\/admin:s3cret@cam\/live"}`, want: `{"uri":"rtsp://redacted@cam/live"}`},
		"player, \\u":       {in: `{"uri":"rtsp:\u002f\u002fadmin:s3cret@cam"}`, want: `{"uri":"rtsp://redacted@cam"}`},
		"slash in password": {in: `{"uri":"rtsp://admin:s3/cret@cam/live"}`, want: `{"uri":"rtsp://redacted@cam/live"}`},
		"at in the path":    {in: `{"uri":"http://cam:80/a@2x.png"}`},
		"turn":              {in: `{"operationParams":{"turnUrl":"joe:p@ss word@1.2.3.4:3478?transport=udp"}}`, want: `{"operationParams":{"turnUrl":"redacted@1.2.3.4:3478?transport=udp"}}`},
		"turn as a value":   {in: `{"value":"joe:secret@1.2.3.4:3478"}`, want: `{"value":"redacted@1.2.3.4:3478"}`},
		"turn uri":          {in: `{"value":"turn:joe:secret@1.2.3.4:3478"}`, want: `{"value":"turn:redacted@1.2.3.4:3478"}`},
		"error text":        {in: `{"error":{"message":"Bad TURN joe:secret@1.2.3.4, try again"}}`, want: `{"error":{"message":"Bad TURN redacted@1.2.3.4, try again"}}`},
		"password":          {in: `{"password":"x","credential":"y","pass":"z"}`, want: `{"password":"redacted","credential":"redacted","pass":"z"}`},
		"sdes":              {in: `{"crypto":{"key":"abcdefghijklmnopqrstuvwxyzABCD","keyBase64":"YWJjZGVm","crypto":"AES_128_CM_HMAC_SHA1_80"}}`, never: []string{"abcdefghijklmnop", "YWJjZGVm"}},
		"a tag":             {in: `{"operation":"addTag","operationParams":{"key":"name","value":"x"}}`},
		"crypto line":       {in: `{"v":"m=audio\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:YWJjZGVmZ2hpamts|2^20|1:4\r\na=mid:0"}`, never: []string{"YWJjZGVmZ2hpamts"}},
		"ice":               {in: `{"v":"a=ice-ufrag:ab cd\r\na=ice-pwd:flxMNgqwBymTliHYsXXOfKpN\r\na=mid:0\r\n"}`, never: []string{"ab cd", "flxMNgqwBymTliHYsXXOfKpN"}},
		"ice, slash":        {in: `{"v":"a=ice-pwd:2hXwnNo3YViOKtEe+\/JnY\/\r\n"}`, never: []string{"2hXwnNo3", "YViOKtEe", "JnY"}},
		"candidate":         {in: `{"candidate":{"candidate":"candidate:1 1 UDP 2 1.2.3.4 5 typ host ufrag XpNcVXsW network-id 1","usernameFragment":"XpNcVXsW"}}`, never: []string{"XpNcVXsW"}},
		"srtp key":          {in: `{"value":"digraph p { label=\"ssrc: 1\\l srtp-key: 51de57df611e65a78f0b05...\\l srtp-cipher: aes\" }"}`, never: []string{"51de57df611e65a78f0b05"}},
		"turn property":     {in: `{"value":"digraph p { label=\"x\\nturn-url=\\\"joe:s3cret@1.2.3.4:3478\\\"\\nname=a\" }"}`, want: `{"value":"digraph p { label=\"x\\nturn-url=\\\"redacted@1.2.3.4:3478\\\"\\nname=a\" }"}`},
		"private key":       {in: `{"pem":"-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n"}`, want: `{"pem":"-----BEGIN PRIVATE KEY-----redacted-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAAAA\n"}`},
		"private key, cut":  {in: `{"v":"digraph p { label=\"pem=\\\"-----BEGIN PRIVATE KEY-----\\\\nMIIEv/+Q…\\nname=\\\"x\\\"\" }"}`, want: `{"v":"digraph p { label=\"pem=\\\"-----BEGIN PRIVATE KEY-----redacted…\\nname=\\\"x\\\"\" }"}`},
		"private key, lone": {in: `{"pem":"-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ\nabc="}`, want: `{"pem":"-----BEGIN RSA PRIVATE KEY-----redacted"}`},
		"private key, enc":  {in: `{"pem":"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEvQ\n-----END RSA PRIVATE KEY-----\n"}`, want: `{"pem":"-----BEGIN RSA PRIVATE KEY-----redacted-----END RSA PRIVATE KEY-----\n"}`},
		"raw":               {in: `{"_raw":"{\"sessionId\":\"` + uuidA + `\", nonsense"}`, want: `{"_raw":"{\"sessionId\":\"session-1\", nonsense"}`},
		"raw, cut":          {in: `{"_raw":"{\"sessionId\":\"` + uuidA + `"}`, want: `{"_raw":"{\"sessionId\":\"session-1"}`},
		"json in json":      {in: `{"v":"{\"a\":\"{\\\"password\\\":\\\"x\\\"}\"}"}`, want: `{"v":"{\"a\":\"{\\\"password\\\":\\\"redacted\\\"}\"}"}`},
		"no json":           {in: `{"sessionId":"` + uuidA + `"`, want: `{"_raw":"{\"sessionId\":\"session-1\""}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRedactor()
			in := bytes.Clone([]byte(c.in))
			out := string(r.Redact(Record{Dir: DirRecv, Frame: in}).Frame)
			if string(in) != c.in {
				t.Fatalf("the given message was changed to %s", in)
			}
			for _, s := range c.never {
				if strings.Contains(plainText([]byte(out)), s) {
					t.Errorf("%s survives in %s", s, out)
				}
			}
			if len(c.never) > 0 {
				if n := len(plainText([]byte(out))); n != len(plainText([]byte(c.in))) {
					t.Errorf("the length changed: %s", out)
				}
				return
			}
			want := c.want
			if want == "" {
				want = c.in
			}
			if out != want {
				t.Errorf("got  %s\nwant %s", out, want)
			}
		})
	}
}

func TestRedactPairs(t *testing.T) {
	r := NewRedactor()
	steps := []struct {
		in   Record
		want string
	}{
		{send(`{"id":5,"method":"invoke","params":{"operation":"getSessions"}}`), ""},
		{recv(`{"id":4,"result":{"value":["bogus","a_kurento.X"]}}`), ""},
		{recv(`{"id":"5","result":{"value":["","","bogus","my_session"]}}`), `{"id":"5","result":{"value":["","","session-1","session-2"]}}`},
		{recv(`{"id":5,"result":{"value":["bogus"]}}`), ""},
		{send(`{"id":6,"method":"keepAlive","params":{"sessionId":"bogus"}}`), `{"id":6,"method":"keepAlive","params":{"sessionId":"session-1"}}`},
		{send(`{"id":7,"method":"invoke","params":{"operation":"getTurnUrl"}}`), ""},
		{recv(`{"id":7,"result":{"value":"joe:my secret@1.2.3.4"}}`), `{"id":7,"result":{"value":"redacted@1.2.3.4"}}`},
		{send(`{"id":8,"method":"transaction","params":{"operations":[{"id":0,"params":{"operation":"getSessions"}},{"id":1,"params":{"operation":"getChildren"}}]}}`), ""},
		{recv(`{"id":8,"result":{"value":[{"id":0,"result":{"value":["","other"]}},{"id":1,"result":{"value":["x_kurento.Y"]}}]}}`),
			`{"id":8,"result":{"value":[{"id":0,"result":{"value":["","session-3"]}},{"id":1,"result":{"value":["x_kurento.Y"]}}]}}`},
		{send(`{"id":9,"method":"transaction","params":{"operations":[{"id":0,"params":{"operation":"getTurnUrl"}},{"id":1,"params":{"operation":"getLocalSessionDescriptor"}}]}}`), ""},
		{recv(`{"id":9,"result":{"value":[{"id":0,"result":{"value":"joe:secret@1.2.3.4"}},{"id":1,"result":{"value":"v=0\r\na=ssrc:1 cname:user1@host-2\r\n"}}]}}`),
			`{"id":9,"result":{"value":[{"id":0,"result":{"value":"redacted@1.2.3.4"}},{"id":1,"result":{"value":"v=0\r\na=ssrc:1 cname:user1@host-2\r\n"}}]}}`},
	}
	for i, s := range steps {
		want := s.want
		if want == "" {
			want = string(s.in.Frame)
		}
		if got := string(r.Redact(s.in).Frame); got != want {
			t.Errorf("step %d: got  %s\nwant %s", i, got, want)
		}
	}
	r.Redact(send(`{"id":9,"params":{"operation":"getSessions"}}`))
	r.Redact(Record{Dir: DirClose, Conn: "c"})
	if len(r.pending) != 0 {
		t.Errorf("pending after the end: %v", r.pending)
	}
}

func TestRedactOtherFields(t *testing.T) {
	r := NewRedactor()
	r.Redact(send(`{"params":{"sessionId":"` + uuidA + `"}}`))
	in := Record{
		Dir: DirNote, Server: "ws://joe:pw@kms:8888/kurento", Error: "dial ws://joe:pw@kms: refused",
		Reason: "session " + uuidA + " ended.", Note: "see rtsp://a:b@cam, or " + uuidB + " and kmscope-1.kmscap; the ufrag contains a blank",
	}
	got := r.Redact(in)
	want := Record{
		Dir: DirNote, Server: "ws://redacted@kms:8888/kurento", Error: "dial ws://redacted@kms: refused",
		Reason: "session session-1 ended.", Note: "see rtsp://redacted@cam, or " + uuidB + " and kmscope-1.kmscap; the ufrag contains a blank",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// A ufrag or password that lost a plus on its way can still be told.
func TestPseudonyms(t *testing.T) {
	r := NewRedactor()
	for _, pair := range [][2]string{{"ab+d", "ab d"}, {"a+b+c/d=", "a b c/d="}} {
		a, b := r.pseudonym(pair[0]), r.pseudonym(pair[1])
		if strings.ReplaceAll(a, "+", " ") != b || a == pair[0] || len(a) != len(pair[0]) {
			t.Errorf("%q and %q become %q and %q", pair[0], pair[1], a, b)
		}
	}
	if r.pseudonym("XpNcVXsWfmiSgfhX") == r.pseudonym("XpNcVXsWfmiSgfhY") {
		t.Error("different secrets become equal")
	}
	if r.pseudonym("XpNcVXsWfmiSgfhX") == NewRedactor().pseudonym("XpNcVXsWfmiSgfhX") {
		t.Error("two captures share pseudonyms")
	}
	// SDP and candidate agree, also when the ufrag is damaged.
	w := walk{r: r}
	sdp := w.text("a=ice-ufrag:ab cd\r\n")
	for _, c := range []string{"candidate:1 typ host ufrag ab cd", "candidate:1 typ host ufrag ab cd network-id 1"} {
		ufrag := strings.TrimSuffix(strings.TrimPrefix(sdp, "a=ice-ufrag:"), "\r\n")
		if got := w.text(c); !strings.Contains(got, "ufrag "+ufrag) || strings.Contains(c, "network") != strings.HasSuffix(got, " network-id 1") {
			t.Errorf("%q becomes %q, the SDP %q", c, got, sdp)
		}
	}
}

func TestSessionsAreForgotten(t *testing.T) {
	r := NewRedactor()
	first := r.session(uuidA)
	for i := range 5 * idsPerHalf / 2 {
		r.session(fmt.Sprint("kmscope-", i))
		if i%1000 == 0 && r.session(uuidA) != first {
			t.Fatal("an id that is in use was forgotten")
		}
	}
	if n := len(r.recent) + len(r.older); n > 2*idsPerHalf {
		t.Errorf("%d ids are remembered", n)
	}
}

var secrets = []*regexp.Regexp{
	regexp.MustCompile(`"sessionId"\s*:\s*"([^"]{5,})"`),
	regexp.MustCompile(`ice-(?:pwd|ufrag):([^\\"\r\n ]+)`),
	regexp.MustCompile(`ufrag ([^\\" ]+)`),
	regexp.MustCompile(`inline:([^\\" |]+)`),
	regexp.MustCompile(`"keyBase64":"([^"]+)"`),
}

// What is secret in a real server's frames is found by patterns here, not by
// the code under test, and nowhere in what comes out.
func TestNoSecretSurvives(t *testing.T) {
	for _, path := range recordings(t) {
		if info, err := os.Stat(path); err != nil || info.Size() > 30_000 {
			continue // the large ones repeat what is in the others
		}
		recs := readAll(t, path)
		found := map[string]bool{}
		for _, rec := range recs {
			for _, pattern := range secrets {
				for _, m := range pattern.FindAllSubmatch(rec.Frame, -1) {
					if s := plainText(m[1]); len(s) >= 4 {
						found[s] = true
					}
				}
			}
		}
		r := NewRedactor()
		var out strings.Builder
		for _, rec := range recs {
			got := r.Redact(rec)
			if !json.Valid(got.Frame) && len(got.Frame) > 0 {
				t.Fatalf("%s: record %d is no JSON any more", path, rec.Index)
			}
			if a, b := skeleton(rec.Frame), skeleton(got.Frame); a != b {
				t.Fatalf("%s: record %d changed its shape:\n%s\n%s", path, rec.Index, a, b)
			}
			out.WriteString(plainText(got.Frame))
			out.WriteByte('\n')
		}
		text := out.String()
		for s := range found {
			// Whole words: "bogus" may well be a part of another.
			if i := strings.Index(text, s); i >= 0 && len(s) > 6 {
				t.Errorf("%s: %q survives in …%s…", path, s, text[max(0, i-60):min(len(text), i+60)])
			}
		}
		if strings.Contains(path, "02-webrtc") && len(found) < 5 {
			t.Errorf("%s: only %d secrets were looked for", path, len(found))
		}
	}
}

// skeleton is JSON without the text of its values.
func skeleton(b []byte) string {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var out strings.Builder
	walk := func(v any) {
		switch v := v.(type) {
		case string:
			out.WriteString("s ")
		default:
			fmt.Fprint(&out, v, " ")
		}
	}
	var nest []bool // of objects
	key := false
	for {
		tok, err := dec.Token()
		if err != nil {
			return out.String()
		}
		if d, ok := tok.(json.Delim); ok {
			out.WriteString(d.String())
			switch d {
			case '{', '[':
				nest = append(nest, d == '{')
				key = d == '{'
			default:
				nest = nest[:len(nest)-1]
				key = len(nest) > 0 && nest[len(nest)-1]
			}
			continue
		}
		if key {
			fmt.Fprintf(&out, "%q:", tok)
			key = false
			continue
		}
		walk(tok)
		key = len(nest) > 0 && nest[len(nest)-1]
	}
}

func TestRedactFromManyGoroutines(t *testing.T) {
	recs := readAll(t, recording("06-reconnect"))
	r := NewRedactor()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, rec := range recs {
				r.Redact(rec)
			}
		})
	}
	wg.Wait()
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(`{"id":1,"result":{"sessionId":"` + uuidA + `","value":["","x"]}}`))
	f.Add([]byte(`{"v":"a=ice-ufrag:ab cd\r\na=ice-pwd:flxMNgqwBymTliHYsXXOfKpN\r\na=crypto:1 X inline:abc|2"}`))
	f.Add([]byte(`{"uri":"rtsp:\/\/a:b@c","turnUrl":"a:b@c","crypto":{"key":"k\u0031"}}`))
	f.Add([]byte(`{"_raw":"{\"sessionId\":\"x`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		in := bytes.Clone(frame)
		r := NewRedactor()
		r.Redact(Record{Dir: DirSend, Conn: "c", Frame: []byte(`{"id":1,"operation":"getSessions getTurnUrl"}`)})
		out := r.Redact(Record{Dir: DirRecv, Conn: "c", Frame: in}).Frame
		if !bytes.Equal(in, frame) {
			t.Fatal("the given message was changed")
		}
		if !json.Valid(frame) {
			if !bytes.Equal(out, frame) && !json.Valid(out) {
				t.Fatalf("neither the same nor JSON: %q", out)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("no JSON any more: %q", out)
		}
		if a, b := skeleton(frame), skeleton(out); a != b {
			t.Fatalf("the shape changed:\n%s\n%s", a, b)
		}
		r.Redact(Record{Dir: DirNote, Note: string(frame), Error: string(frame)})
	})
}

// FuzzSuspect holds that the quick test of a value passes only what the thorough one
// leaves as it is, and that the two tell the same keys.
func FuzzSuspect(f *testing.F) {
	for _, body := range []string{
		uuidA, uuidB, "kmscope-1", "x@y", "a:b@c:1", "v=0", "ice-pwd:x", "candidate ufrag x", "inline:key|1", "-----BEGIN PRIVATE KEY-----", "digraph srtp-key: 1",
		"digraph turn-url=a@b", "onEvent", "ABCDEFGHIJ-1234567", "ABCDEFGHIJKLMNOPQRST", "http://a@b", "turn:a:b@c",
	} {
		for _, key := range []string{"", "key", "value", "message", "sessionId", "id"} {
			f.Add([]byte(body), key, uint8(len(body)))
		}
	}
	for key := range secretKeys {
		f.Add([]byte("x"), key, uint8(0))
	}
	r := NewRedactor()
	for _, id := range []string{uuidA, "ABCDEFGHIJ-1234567", "kmscope-1", "onEvent"} {
		r.session(id)
	}
	frames := []string{"", "crypto", "SDES"}
	f.Fuzz(func(t *testing.T, body []byte, key string, how uint8) {
		if bytes.ContainsAny(body, "\\\"") || len(body) == 0 {
			return // these are not for the quick test
		}
		if isSecretKey([]byte(key)) != (secretKeys[key] != nil) {
			t.Fatalf("%q is a secret's key, or is it?", key)
		}
		w := &walk{r: r, recv: how&1 != 0, frame: []byte(frames[int(how>>4)%len(frames)]), reply: expectation(how >> 1 & 3)}
		element := how&8 != 0
		if !w.suspect(body, []byte(key), element) {
			if got := w.value(string(body), key, element); got != string(body) {
				t.Fatalf("%q of %q becomes %q, which the quick test missed", body, key, got)
			}
		}
	})
}

func BenchmarkRedactEvent(b *testing.B) {
	r := NewRedactor()
	rec := recv(`{"jsonrpc":"2.0","method":"onEvent","params":{"value":{"data":{"mediaType":"VIDEO","padName":"default","source":"` +
		uuidA + `_kurento.MediaPipeline/` + uuidB + `_kurento.WebRtcEndpoint","state":"FLOWING","tags":[],"timestampMillis":"1795251324504","type":"MediaFlowInStateChanged"},"object":"` +
		uuidA + `_kurento.MediaPipeline/` + uuidB + `_kurento.WebRtcEndpoint","type":"MediaFlowInStateChanged"}}}`)
	b.SetBytes(int64(len(rec.Frame)))
	b.ReportAllocs()
	for b.Loop() {
		r.Redact(rec)
	}
}

func BenchmarkRedactRecording(b *testing.B) {
	recs := readAll(b, recording("08-large"))
	n := 0
	for _, rec := range recs {
		n += len(rec.Frame)
	}
	b.SetBytes(int64(n))
	for b.Loop() {
		r := NewRedactor()
		for _, rec := range recs {
			r.Redact(rec)
		}
	}
}
