package rawjson

// Cursor walks one JSON text from the outside in, once: of each value whoever
// walks chooses whether to look into it or to pass it. Object and Array within one
// another read what is inside again at each level.
//
// It stands before a value; Object, Array and Skip take that value, and leave it
// where it is another one. What a walk gave is void unless Done says in the end
// that the whole text was JSON. A Cursor belongs to one goroutine.
type Cursor struct {
	b     []byte
	i     int // -1: this is no JSON, or nobody wants to go on
	first int // where the text begins behind its blanks
	depth int
}

// NewCursor stands before the value of a text.
func NewCursor(b []byte) Cursor {
	i := space(b, 0)
	return Cursor{b: b, i: i, first: i}
}

// Done tells whether the value was taken, and all of the text was one JSON text.
func (c *Cursor) Done() bool { return c.i > c.first && space(c.b, c.i) == len(c.b) }

// Stop ends the walk: nothing more is given, and Done will be false.
func (c *Cursor) Stop() { c.i = -1 }

// Offset is where the cursor stands in the text; -1 where the walk ended.
func (c *Cursor) Offset() int { return c.i }

// First is the first byte of the value before which the cursor stands, 0 where
// there is none: it tells of what kind the value is.
func (c *Cursor) First() byte {
	if c.i < 0 || c.i >= len(c.b) {
		return 0
	}
	return c.b[c.i]
}

// Skip passes a value and gives its text, which belongs to the whole; nil where
// there is no value.
func (c *Cursor) Skip() []byte {
	if c.i < 0 {
		return nil
	}
	from := c.i
	if c.i = value(c.b, from, c.depth); c.i < 0 {
		return nil
	}
	return c.b[from:c.i]
}

// Object walks the members of an object in their order, equal keys included, with
// the cursor before the value of each; member need not take it. The key is the
// text of the name, unescaped. False is another value, or the end of the walk.
func (c *Cursor) Object(member func(key []byte)) bool {
	if c.First() != '{' || !c.enter() {
		return false
	}
	b := c.b
	i := space(b, c.i+1)
	if i < len(b) && b[i] == '}' {
		return c.leave(i + 1)
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return c.leave(-1)
		}
		key := i
		end := text(b, i)
		if end < 0 {
			return c.leave(-1)
		}
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return c.leave(-1)
		}
		c.i = space(b, i+1)
		from := c.i
		member(name(b[key:end]))
		if c.i == from {
			c.i = value(b, from, c.depth)
		}
		if c.i < 0 {
			return c.leave(-1)
		}
		if i = space(b, c.i); i >= len(b) {
			return c.leave(-1)
		}
		switch b[i] {
		case '}':
			return c.leave(i + 1)
		case ',':
			i = space(b, i+1)
		default:
			return c.leave(-1)
		}
	}
}

// Array walks the elements of an array, as Object does.
func (c *Cursor) Array(element func()) bool {
	if c.First() != '[' || !c.enter() {
		return false
	}
	b := c.b
	i := space(b, c.i+1)
	if i < len(b) && b[i] == ']' {
		return c.leave(i + 1)
	}
	for {
		c.i = i
		element()
		if c.i == i {
			c.i = value(b, i, c.depth)
		}
		if c.i < 0 {
			return c.leave(-1)
		}
		if i = space(b, c.i); i >= len(b) {
			return c.leave(-1)
		}
		switch b[i] {
		case ']':
			return c.leave(i + 1)
		case ',':
			i = space(b, i+1)
		default:
			return c.leave(-1)
		}
	}
}

func (c *Cursor) enter() bool {
	if c.depth >= maxDepth {
		c.i = -1
		return false
	}
	c.depth++
	return true
}

func (c *Cursor) leave(i int) bool {
	c.depth--
	c.i = i
	return i >= 0
}
