// Package assets embeds the pictures of the program, all drawn for it.
package assets

import "embed"

//go:embed icons/*.svg
var icons embed.FS

// AppIcon is the program's icon, 512 x 512 pixels, PNG. Nobody may change it.
//
//go:embed icon.png
var AppIcon []byte

// Icon gives the SVG of a small icon, 16 x 16, drawn in currentColor; nil when
// there is none of that name. Any goroutine.
func Icon(name string) []byte {
	data, err := icons.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil
	}
	return data
}

// IconNames lists the small icons, sorted.
func IconNames() []string {
	entries, err := icons.ReadDir("icons")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name()[:len(e.Name())-len(".svg")])
	}
	return names
}
