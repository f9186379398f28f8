package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"kmscope/ui/icon"
	"kmscope/ui/kit"
	"kmscope/ui/theme"
	"kmscope/ui/view"
)

// The ways of trusting a server that are offered.
const (
	trustSystem = "the authorities that this computer trusts"
	trustCA     = "these authorities as well (PEM file)"
	trustPin    = "exactly this certificate (SHA-256 fingerprint)"
)

// connectDialog asks for a server and connects to it.
type connectDialog struct {
	w       *Window
	dialog  *kit.Modal
	address *kit.Entry
	trust   *widget.RadioGroup
	caFile  *kit.Entry
	browse  *kit.Button
	pin     *kit.Entry
	tls     *fyne.Container
	failure *widget.Label
	status  *widget.Label
	bar     *widget.ProgressBarInfinite
	busy    *fyne.Container
	connect *kit.Button
	cancel  *kit.Button
	stop    context.CancelFunc // not nil while connecting
}

// showConnect opens the dialog with an address, "" for the last one used.
func showConnect(w *Window, address string) *connectDialog {
	d := &connectDialog{w: w}
	d.address = kit.NewEntry("ws://host:8888/kurento")
	d.address.OnChanged = func(string) { d.addressChanged() }
	d.address.OnSubmitted = func(string) { d.start() }
	d.address.OnKey = d.key
	d.caFile = kit.NewEntry("/path/to/authorities.pem")
	d.caFile.OnKey = d.key
	d.browse = kit.NewButton(kit.Framed, icon.Folder, "Browse", func() {
		w.files.Open("Authorities to trust", "", nil, func(path string) {
			if path != "" {
				d.caFile.SetText(path)
			}
		})
	})
	d.pin = kit.NewEntry("64 hexadecimal digits")
	d.pin.OnKey = d.key
	d.trust = widget.NewRadioGroup([]string{trustSystem, trustCA, trustPin}, func(string) { d.trustChanged() })
	d.trust.Required = true
	ca := container.NewBorder(nil, nil, nil, d.browse, d.caFile)
	d.tls = container.NewVBox(flush(widget.NewLabel("The connection is encrypted. Trust")), flush(d.trust), ca, d.pin)
	d.failure = widget.NewLabel("")
	d.failure.Wrapping = fyne.TextWrapWord
	d.failure.Importance = widget.DangerImportance
	d.failure.Hide()
	d.status = widget.NewLabel("")
	d.status.Truncation = fyne.TextTruncateEllipsis
	d.bar = widget.NewProgressBarInfinite()
	d.bar.Stop()
	d.busy = container.NewVBox(flush(d.status), container.New(slim{}, d.bar))
	d.busy.Hide()
	d.connect = kit.NewButton(kit.Primary, icon.Plug, "Connect", d.start)
	d.cancel = kit.NewButton(kit.Framed, "", "Cancel", d.close)

	body := container.NewVBox(flush(widget.NewLabel("Address of the server")), d.address)
	if recent := w.prefs.recent(prefServers); len(recent) > 0 {
		row := container.New(layout.NewRowWrapLayoutWithCustomPadding(2, 2))
		for _, r := range recent[:min(len(recent), 5)] {
			row.Add(kit.NewButton(kit.Flat, icon.Server, r, func() {
				d.address.SetText(r)
				d.start()
			}))
		}
		body.Add(row)
	}
	body.Add(d.tls)
	body.Add(flush(d.failure))
	body.Add(d.busy)
	note := widget.NewLabel("kmscope only reads, until you turn control on for a server. It leaves the server as it would be without it.")
	note.Importance = widget.LowImportance
	note.Wrapping = fyne.TextWrapWord
	body.Add(flush(note))
	body.Add(container.NewHBox(layout.NewSpacer(), d.cancel, d.connect))

	if address == "" {
		address = "ws://127.0.0.1:8888/kurento"
		if recent := w.prefs.recent(prefServers); len(recent) > 0 {
			address = recent[0]
		}
	}
	d.dialog = kit.NewModal(w.win.Canvas(), "Connect to a media server", container.New(&leastWidth{520}, body))
	d.dialog.OnClosed(func() {
		if d.stop != nil {
			d.stop()
		}
	})
	d.address.SetText(address)
	d.trustChanged()
	d.dialog.Show()
	w.win.Canvas().Focus(d.address)
	d.address.TypedShortcut(&fyne.ShortcutSelectAll{})
	return d
}

// slim gives its one object the height of a line: the toolkit's bar of progress
// is as high as a button and looks like one.
type slim struct{}

func (slim) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(0, theme.Grid) }
func (slim) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for _, x := range o {
		x.Move(fyne.Position{})
		x.Resize(size)
	}
}

// leastWidth stacks objects with a least width.
type leastWidth struct{ width float32 }

func (l *leastWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	s := fyne.NewSize(l.width, 0)
	for _, x := range o {
		s = s.Max(x.MinSize())
	}
	return s
}

func (l *leastWidth) Layout(o []fyne.CanvasObject, size fyne.Size) {
	for _, x := range o {
		x.Move(fyne.Position{})
		x.Resize(size)
	}
}

func (d *connectDialog) key(k *fyne.KeyEvent) bool {
	if k.Name == fyne.KeyEscape {
		d.close()
		return true
	}
	return false
}

// encrypted reports whether an address is one of TLS.
func encrypted(address string) bool {
	a := strings.ToLower(strings.TrimSpace(address))
	return strings.HasPrefix(a, "wss:") || strings.HasPrefix(a, "https:")
}

func (d *connectDialog) addressChanged() {
	if d.failure.Visible() { // it was about another address
		d.failure.Hide()
	}
	if !encrypted(d.address.Text) {
		d.tls.Hide()
	} else {
		d.tls.Show()
		ca, pin := d.w.prefs.trust(d.address.Text)
		switch {
		case pin != "":
			d.pin.SetText(pin)
			d.trust.SetSelected(trustPin)
		case ca != "":
			d.caFile.SetText(ca)
			d.trust.SetSelected(trustCA)
		case d.trust.Selected == "":
			d.trust.SetSelected(trustSystem)
		}
	}
	d.connect.SetEnabled(strings.TrimSpace(d.address.Text) != "")
	d.fit()
}

func (d *connectDialog) trustChanged() {
	show := func(o fyne.CanvasObject, on bool) {
		if on {
			o.Show()
		} else {
			o.Hide()
		}
	}
	show(d.caFile, d.trust.Selected == trustCA)
	show(d.browse, d.trust.Selected == trustCA)
	show(d.pin, d.trust.Selected == trustPin)
	d.fit()
}

// fit makes the dialog as high as what is in it.
func (d *connectDialog) fit() {
	if d.dialog != nil {
		d.dialog.Fit()
	}
}

func (d *connectDialog) close() { d.dialog.Hide() }

func (d *connectDialog) target() view.Target {
	t := view.Target{URL: strings.TrimSpace(d.address.Text)}
	if encrypted(t.URL) {
		switch d.trust.Selected {
		case trustCA:
			t.CAFile = strings.TrimSpace(d.caFile.Text)
		case trustPin:
			t.Fingerprint = strings.TrimSpace(d.pin.Text)
		}
	}
	return t
}

func (d *connectDialog) start() {
	if d.stop != nil || !d.connect.Enabled() {
		return
	}
	d.attach(d.target())
}

func (d *connectDialog) attach(t view.Target) {
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	d.failure.Hide()
	d.status.SetText(strings.TrimSpace("Connecting to "+withoutSecrets(t.URL)) + " …")
	d.busy.Show()
	d.bar.Start()
	d.connect.SetEnabled(false)
	d.fit()
	go func() {
		x, err := d.w.ws.Attach(ctx, t)
		d.w.do(func() {
			stop()
			d.stop = nil
			d.bar.Stop()
			d.busy.Hide()
			d.connect.SetEnabled(true)
			d.done(t, x, err)
		})
	}()
}

func (d *connectDialog) done(t view.Target, x view.Session, err error) {
	var untrusted *view.Untrusted
	switch {
	case errors.Is(err, context.Canceled):
		d.fit()
	case errors.As(err, &untrusted):
		d.fit()
		d.ask(t, untrusted)
	case err != nil:
		d.failure.SetText(sentence(err))
		d.failure.Show()
		d.fit()
	default:
		d.w.attached(t, x)
		d.dialog.Hide()
	}
}

// ask lets a person decide about a certificate that nobody vouches for.
func (d *connectDialog) ask(t view.Target, u *view.Untrusted) {
	title, advice := "Trust this certificate?", "If this is a server with a certificate of its own, compare the fingerprint with the one that its administrator tells you. If it differs, somebody may be in between."
	yes, accept, refuse := "Trust it from now on", kit.Primary, kit.Framed
	if u.Changed {
		title, advice = "The certificate has changed", "Find out who changed it before you trust the new one: compare the fingerprint with the one that the server's administrator tells you."
		yes, accept, refuse = "Trust the new one", kit.Framed, kit.Primary
	}
	text := widget.NewLabel(sentence(u) + "\n\n" + advice)
	text.Wrapping = fyne.TextWrapWord
	facts := widget.NewLabelWithStyle(fmt.Sprintf("issued for  %s\nvalid until  %s\nSHA-256  %s", u.Subject, u.NotAfter.Local().Format("2006-01-02 15:04"), groups(u.Fingerprint)),
		fyne.TextAlignLeading, fyne.TextStyle{Monospace: true})
	facts.Wrapping = fyne.TextWrapWord
	var q *kit.Modal
	trust := kit.NewButton(accept, "", yes, func() {
		q.Hide()
		t.Fingerprint, t.CAFile = u.Fingerprint, ""
		d.pin.SetText(u.Fingerprint)
		d.trust.SetSelected(trustPin)
		d.attach(t)
	})
	no := kit.NewButton(refuse, "", "Do not connect", func() { q.Hide() })
	q = kit.NewModal(d.w.win.Canvas(), title, container.New(&leastWidth{600},
		container.NewVBox(flush(text), flush(facts), container.NewHBox(layout.NewSpacer(), no, trust))))
	q.Show()
}

// flush takes back the margin that labels have on their left.
func flush(o fyne.CanvasObject) fyne.CanvasObject { return kit.WithMargin(kit.Margin{Left: -6}, o) }

// groups writes a fingerprint in groups that a person can compare.
func groups(hex string) string {
	var b strings.Builder
	for i, r := range strings.ToUpper(hex) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		if i == 32 {
			b.WriteString("\n         ")
		}
		b.WriteRune(r)
	}
	return b.String()
}

// sentence writes an error as a sentence: a capital at its start, a full stop
// at its end.
func sentence(err error) string {
	s := strings.TrimSpace(err.Error())
	if s == "" {
		return "It failed without saying why."
	}
	r := []rune(s)
	if !strings.Contains(strings.SplitN(s, " ", 2)[0], ":") { // no address
		r[0] = []rune(strings.ToUpper(string(r[0])))[0]
	}
	s = string(r)
	if last := r[len(r)-1]; last != '.' && last != '?' && last != '!' {
		s += "."
	}
	return s
}
