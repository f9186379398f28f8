//go:build linux && !arm && !arm64 && !gles

package shade

import "testing"

func TestDrawsItself(t *testing.T) {
	for name, want := range map[string]bool{
		"llvmpipe (LLVM 15.0.6, 256 bits)":         true,
		"softpipe":                                 true,
		"Google SwiftShader":                       true,
		"Software Rasterizer":                      true,
		"Mesa Intel(R) UHD Graphics 620 (KBL GT2)": false,
		"NVIDIA GeForce RTX 3060/PCIe/SSE2":        false,
		"AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.7, DRM 3.49)": false,
		"": false,
	} {
		if drawsItself(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}
