//go:build linux && !arm && !arm64 && !gles

package surface

// sheetSource follows the conventions of canvas.Shader; the toolkit draws a pixel more
// on each side than the bounds. Every driver of the last fifteen years has the
// extension, without which the picture is filtered.
var sheetSource = []byte(`#version 110
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
