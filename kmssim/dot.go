package kmssim

import (
	"fmt"
	"hash/fnv"
	"strings"
)

// getGstreamerDot: a graph of the shape and size that GStreamer writes. The
// elements inside are those that the real server uses, in their usual order;
// addresses are made from names, so that the same graph has the same ids.

// chain is a path through one element's bin; "%m" is audio or video, "%n" a
// number of the element's own.
type chain struct {
	media media
	parts []string // "GstType name property=value"
}

var (
	agnostic = []string{"GstTee tee%n allow-not-linked=TRUE", "GstQueue queue%n max-size-buffers=0\\nmax-size-bytes=0",
		"GstCapsFilter capsfilter%n", "GstTee tee%nb allow-not-linked=TRUE"}
	codecs = [mediaCount][4]string{
		{"GstOpusParse opusparse%n", "GstOpusDec opusdec%n", "GstOpusEnc opusenc%n bitrate-type=vbr", "GstAudioConvert audioconvert%n"},
		{"GstVP8Parse vp8parse%n", "GstVP8Dec vp8dec%n", "GstVP8Enc vp8enc%n deadline=1\\ncpu-used=16\\ntarget-bitrate=300000", "GstVideoConvert videoconvert%n"},
	}
	rtpParts = []string{"GstNiceSrc nicesrc%n component=1", "GstDtlsSrtpDec dtlssrtpdec%n", "GstRtpSsrcDemux rtpssrcdemux%n",
		"GstRtpSession rtpsession%n", "GstRtpStorage rtpstorage%n", "GstRtpJitterBuffer rtpjitterbuffer%n latency=0", "GstRtpPtDemux rtpptdemux%n"}
	sendParts = []string{"GstQueue queue%nb", "GstRtpSession rtpsession%nb", "GstRtpRtxQueue rtprtxqueue%n max-size-packets=512", "GstRtpFunnel funnel%n",
		"GstDtlsSrtpEnc dtlssrtpenc%n", "GstNiceSink nicesink%n async=FALSE\\nsync=FALSE"}
)

func chainsOf(o *object) []chain {
	var out []chain
	for m := audio; m < mediaCount; m++ {
		depay := [...]string{"GstRTPOpusDepay rtpopusdepay%n", "GstRtpVP8Depay rtpvp8depay%n"}[m]
		pay := [...]string{"GstRtpOPUSPay rtpopuspay%n pt=96", "GstRtpVP8Pay rtpvp8pay%n pt=96\\npicture-id-mode=15-bit"}[m]
		var parts []string
		switch {
		case o.rtp != nil:
			parts = append(append(append([]string{}, rtpParts...), depay, codecs[m][0]), agnostic...)
			out = append(out, chain{m, parts})
			parts = append(append([]string{}, agnostic[0], codecs[m][0], pay), sendParts...)
		case o.class.Name == "PlayerEndpoint":
			parts = append([]string{"GstFileSrc source%n", "GstMatroskaDemux matroskademux%n", "GstMultiQueue multiqueue%n", codecs[m][1],
				"GstAppSink appsink%n enable-last-sample=FALSE\\nmax-buffers=1", "GstAppSrc appsrc%n is-live=TRUE\\nformat=time"}, agnostic...)
		case o.class.Name == "RecorderEndpoint":
			parts = []string{codecs[m][0], "GstAppSink appsink%n emit-signals=FALSE", "GstAppSrc appsrc%n is-live=TRUE", "GstQueue queue%n",
				"GstWebMMux webmmux%n", "KmsFileSink filesink%n"}
		case o.class.Name == "Composite", o.class.Name == "AlphaBlending":
			parts = append([]string{codecs[m][3], "GstCapsFilter capsfilter%nb", [...]string{"GstAudioMixer audiomixer%n", "GstCompositor compositor%n background=black"}[m],
				codecs[m][2]}, agnostic...)
		case o.is("Filter"):
			parts = append([]string{codecs[m][3], "GstVideoFlip filter%n", "GstVideoConvert videoconvert%nb"}, agnostic...)
			if m == audio {
				parts = agnostic
			}
		default:
			parts = append([]string{"GstCapsFilter capsfilter%nc"}, agnostic...)
		}
		out = append(out, chain{m, parts})
	}
	return out
}

func elementDot(s *Server, o *object, args map[string]any) (any, *rpcError) {
	return s.dotLocked(o, textArg(args, "details")), nil
}

type dotWriter struct {
	b      strings.Builder
	states bool
	params bool
	seed   string
}

func (d *dotWriter) address(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(d.seed + name))
	return fmt.Sprintf("0x7f%010x", h.Sum64()&0xffffffffff)
}

func (s *Server) dotLocked(o *object, details string) string {
	d := &dotWriter{seed: o.pipeline.id, states: details != "SHOW_MEDIA_TYPE", params: details != "SHOW_MEDIA_TYPE" && details != "SHOW_STATES"}
	label := fmt.Sprintf("<GstPipeline>\\npipeline%d", o.pipeline.serial)
	if o != o.pipeline {
		label = fmt.Sprintf("<Kms%s>\\n%s", o.class.Name, o.gstName())
	}
	fmt.Fprintf(&d.b, "digraph pipeline {\n  rankdir=LR;\n  fontname=\"sans\";\n  fontsize=\"10\";\n  labelloc=t;\n  nodesep=.1;\n  ranksep=.2;\n"+
		"  label=\"%s%s\";\n  node [style=\"filled,rounded\", shape=box, fontsize=\"9\", fontname=\"sans\", margin=\"0.0,0.0\"];\n"+
		"  edge [labelfontsize=\"6\", fontsize=\"9\", fontname=\"monospace\"];\n  \n  legend [\n    pos=\"0,0!\",\n    margin=\"0.05,0.05\",\n"+
		"    style=\"filled\",\n    label=\"Legend\\lElement-States: [~] void-pending, [0] null, [-] ready, [=] paused, [>] playing\\l"+
		"Pad-Activation: [-] none, [>] push, [<] pull\\lPad-Flags: [b]locked, [f]lushing, [b]locking, [E]OS; upper-case is set\\l"+
		"Pad-Task: [T] has started task, [t] has paused task\\l\",\n  ];\n", label, d.state())
	if o != o.pipeline {
		d.inside(o, "  ")
	} else {
		for _, e := range dotElements(o) {
			d.bin(e)
		}
		for _, e := range dotElements(o) {
			for _, c := range e.sinks {
				if c.media != "DATA" {
					m := strings.ToLower(c.media)
					d.link("  ", d.pad(e.gstName(), m+"_src_0"), d.pad(c.sink.gstName(), "sink_"+m+"_default"), c.media == "VIDEO")
				}
			}
		}
	}
	d.b.WriteString("}\n")
	return d.b.String()
}

// dotElements are the objects of a pipeline that have a GStreamer bin.
func dotElements(o *object) []*object {
	var out []*object
	for _, c := range o.sortedChildren() {
		out = append(out, c)
		out = append(out, dotElements(c)...)
	}
	return out
}

func (d *dotWriter) state() string {
	if d.states {
		return "\\n[>]"
	}
	return ""
}

func (d *dotWriter) pad(element, name string) string {
	return fmt.Sprintf("%s_%s_%s_%s", element, d.address(element), name, d.address(element+name))
}

func (d *dotWriter) padLine(indent, element, name, color string) {
	flags := ""
	if d.states {
		flags = "\\n[>][bfb]"
	}
	fmt.Fprintf(&d.b, "%s%s [color=black, fillcolor=\"%s\", label=\"%s%s\", height=\"0.2\", style=\"filled,solid\"];\n",
		indent, d.pad(element, name), color, name, flags)
}

func (d *dotWriter) side(indent, element, side, color string, names ...string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(&d.b, "%ssubgraph cluster_%s_%s_%s {\n%s  label=\"\";\n%s  style=\"invis\";\n", indent, element, d.address(element), side, indent, indent)
	for _, n := range names {
		d.padLine(indent+"  ", element, n, color)
	}
	fmt.Fprintf(&d.b, "%s}\n\n", indent)
}

func (d *dotWriter) open(indent, typ, name, params string) {
	label := typ + "\\n" + name + d.state()
	if d.params && params != "" {
		label += "\\n" + params
	}
	fmt.Fprintf(&d.b, "%[1]ssubgraph cluster_%[2]s_%[3]s {\n%[1]s  fontname=\"Bitstream Vera Sans\";\n%[1]s  fontsize=\"8\";\n"+
		"%[1]s  style=\"filled,rounded\";\n%[1]s  color=black;\n%[1]s  label=\"%[4]s\";\n", indent, name, d.address(name), label)
}

func (d *dotWriter) bin(o *object) {
	d.open("  ", "Kms"+o.class.Name, o.gstName(), "")
	var sinks, srcs []string
	for m := audio; m < mediaCount; m++ {
		if len(o.sources) > 0 {
			sinks = append(sinks, "sink_"+m.lower()+"_default")
		}
		if len(o.sinks) > 0 {
			srcs = append(srcs, m.lower()+"_src_0")
		}
	}
	d.side("    ", o.gstName(), "sink", "#ddddff", sinks...)
	d.side("    ", o.gstName(), "src", "#ffdddd", srcs...)
	d.b.WriteString("    fillcolor=\"#ffffff\";\n")
	d.inside(o, "    ")
	d.b.WriteString("  }\n\n")
}

func (d *dotWriter) inside(o *object, indent string) {
	for i, c := range chainsOf(o) {
		before := ""
		for j, part := range c.parts {
			f := strings.SplitN(part, " ", 3)
			name := strings.ReplaceAll(f[1], "%n", fmt.Sprintf("%d_%d", o.serial, i*10+j))
			params := ""
			if len(f) == 3 {
				params = f[2]
			}
			d.open(indent, f[0], name, params)
			fill := "#aaffaa"
			if j > 0 {
				d.side(indent+"  ", name, "sink", "#aaaaff", "sink")
			} else {
				fill = "#ffaaaa"
			}
			if j < len(c.parts)-1 {
				d.side(indent+"  ", name, "src", "#ffaaaa", "src")
			} else {
				fill = "#aaaaff"
			}
			if j > 0 && j < len(c.parts)-1 {
				fmt.Fprintf(&d.b, "%s  %s -> %s [style=\"invis\"];\n", indent, d.pad(name, "sink"), d.pad(name, "src"))
			}
			fmt.Fprintf(&d.b, "%s  fillcolor=\"%s\";\n%s}\n\n", indent, fill, indent)
			if before != "" {
				d.link(indent, d.pad(before, "src"), d.pad(name, "sink"), c.media == video)
			}
			before = name
		}
	}
}

func (d *dotWriter) link(indent, from, to string, isVideo bool) {
	caps := "audio/x-opus\\l  channel-mapping-family: 0\\l                rate: 48000\\l            channels: 2\\l"
	if isVideo {
		caps = "video/x-vp8\\l              width: 640\\l             height: 480\\l          framerate: 30/1\\l  pixel-aspect-ratio: 1/1\\l"
	}
	fmt.Fprintf(&d.b, "%s%s -> %s [label=\"%s\"]\n", indent, from, to, caps)
}
