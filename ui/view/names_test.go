package view

import (
	"testing"

	"kmscope/inventory"
)

// A name is whatever an application wrote; a row has one line.
func TestNameOfARow(t *testing.T) {
	const id = "0af4017f-2db9_kurento.MediaPipeline/2d83296a-6a0f_kurento.WebRtcEndpoint"
	for in, want := range map[string]string{
		"presenter":           "presenter",
		"Gr\"üße <b>\n日本":     "Gr\"üße <b> 日本",
		"\ta\r\n\x00b\x7f\n ": "a b",
		"":                    "2d83",
		"\n":                  "2d83",
	} {
		if got := name(&inventory.Object{ID: id, Name: in}); got != want {
			t.Errorf("%q is called %q, want %q", in, got, want)
		}
	}
}
