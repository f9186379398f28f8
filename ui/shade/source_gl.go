//go:build linux && !arm && !arm64 && !gles

package shade

import (
	"strings"

	"fyne.io/fyne/v2"
	"github.com/go-gl/gl/v2.1/gl"
)

// Software reports whether the processor draws a window that is shown, for want of a
// graphics card: then every frame costs twenty milliseconds of it and more.
func Software(w fyne.Window) (is bool) {
	native, ok := w.(interface{ RunWithContext(func()) })
	if !ok {
		return false // a window of tests
	}
	// A signal may have ended the library below at any moment.
	defer func() { _ = recover() }()
	native.RunWithContext(func() {
		if gl.Init() == nil {
			is = drawsItself(gl.GoStr(gl.GetString(gl.RENDERER)))
		}
	})
	return is
}

// drawsItself tells by how OpenGL calls itself whether it is a program.
func drawsItself(renderer string) bool {
	renderer = strings.ToLower(renderer)
	for _, name := range []string{"llvmpipe", "softpipe", "swrast", "software", "swiftshader"} {
		if strings.Contains(renderer, name) {
			return true
		}
	}
	return false
}

// The sources follow the conventions of canvas.Shader. The toolkit draws a pixel more
// on each side than the bounds.

// copySource copies the pixels of a picture. Every driver of the last fifteen years has
// the extension; without it the picture is filtered.
var copySource = []byte(`#version 110
#extension GL_EXT_gpu_shader4 : enable
uniform vec2 frame;
uniform vec4 bounds;
uniform sampler2D tex;

void main() {
    vec2 at = vec2(gl_FragCoord.x - bounds[0], frame.y - gl_FragCoord.y - bounds[1]);
    vec2 size = vec2(bounds[2] - bounds[0], bounds[3] - bounds[1]);
    if (at.x < 0.0 || at.y < 0.0 || at.x > size.x || at.y > size.y)
        discard;
#ifdef GL_EXT_gpu_shader4
    gl_FragColor = texelFetch2D(tex, ivec2(at), 0);
#else
    gl_FragColor = texture2D(tex, at / size);
#endif
}
`)

// fillSource fills a rectangle of whole pixels.
var fillSource = []byte(`#version 110
uniform vec2 frame;
uniform vec4 bounds;
uniform float fillR, fillG, fillB, fillA;

void main() {
    vec2 at = vec2(gl_FragCoord.x, frame.y - gl_FragCoord.y);
    if (at.x < bounds[0] || at.x > bounds[2] || at.y < bounds[1] || at.y > bounds[3])
        discard;
    gl_FragColor = vec4(fillR, fillG, fillB, fillA);
}
`)

// plateSource fills a rectangle with round corners and an outline: d is how far a pixel
// is from its rim, below zero within.
var plateSource = []byte(`#version 110
uniform vec2 frame;
uniform vec4 bounds;
uniform float wide, radius, line;
uniform float fillR, fillG, fillB, fillA;
uniform float lineR, lineG, lineB, lineA;

void main() {
    vec2 at = vec2(gl_FragCoord.x, frame.y - gl_FragCoord.y);
    vec2 middle = vec2(bounds[0] + bounds[2], bounds[1] + bounds[3]) * 0.5;
    vec2 reach = vec2(bounds[2] - bounds[0], bounds[3] - bounds[1]) * 0.5;
    float scale = 2.0 * reach.x / wide;
    float r = min(radius * scale, min(reach.x, reach.y));
    vec2 q = abs(at - middle) - reach + r;
    float d = min(max(q.x, q.y), 0.0) + length(max(q, 0.0)) - r;
    vec4 c = mix(vec4(lineR, lineG, lineB, lineA), vec4(fillR, fillG, fillB, fillA), clamp(0.5 - d - line * scale, 0.0, 1.0));
    gl_FragColor = vec4(c.rgb, c.a * clamp(0.5 - d, 0.0, 1.0));
}
`)
