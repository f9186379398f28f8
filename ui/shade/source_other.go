//go:build !linux || arm || arm64 || gles

package shade

// The sources are for systems where software may have to draw.
var copySource, fillSource, plateSource []byte
