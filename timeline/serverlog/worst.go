package serverlog

import "slices"

// Worst gives the numbers of the messages that are at least as bad as a level,
// in order, most of them at most: of more the worst, and of one level the newest.
// It reads no file.
func (b *Book) Worst(level Level, most int) []int32 {
	var room [Memdump + 1]int
	for i := range b.rows {
		room[b.rows[i].level]++
	}
	room[Plain] = 0
	for l := range room {
		if Level(l) > level {
			room[l] = 0
		}
		room[l] = min(room[l], most)
		most -= room[l]
	}
	var out []int32
	for i := len(b.rows) - 1; i >= 0; i-- {
		if l := b.rows[i].level; room[l] > 0 {
			room[l]--
			out = append(out, int32(i))
		}
	}
	slices.Reverse(out)
	return out
}
