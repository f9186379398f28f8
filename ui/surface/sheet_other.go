//go:build !linux || arm || arm64 || gles

package surface

// sheetSource is for systems where software may have to draw.
var sheetSource []byte
