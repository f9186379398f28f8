package kmssim

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

func TestEncodeGivesWhatEncodingJSONGives(t *testing.T) {
	for _, v := range []any{
		nil, true, 7, int64(-3), 0.5, 1e-7, 3e40, math.MaxInt64, "plain", "quote \" back \\ tab \t nl \n bell \a é ☃ \u2028 <&>",
		map[string]any{"b": []any{1, "x", nil}, "a": map[string]any{}, "": 0.25}, []any{}, json.Number("12.50"),
		[]string{"other", "types"}, map[string]int{"n": 1}, json.RawMessage(`{"raw":[1]}`),
	} {
		var want, got any
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encode(v), &got); err != nil {
			t.Errorf("%s: %v", encode(v), err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%v became %s", v, encode(v))
		}
	}
	if got := string(encode(map[string]any{"z": 1, "E": 2, "__t": 3, "a": "\xff"})); got != `{"E":2,"__t":3,"a":"\ufffd","z":1}` {
		t.Errorf("keys out of order: %s", got)
	}
	if got := string(encode(math.NaN())); !json.Valid([]byte(got)) {
		t.Errorf("a figure that is none became %s", got)
	}
}
