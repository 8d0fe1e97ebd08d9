// Package shop sells.
package shop

import (
	"fmt"
	str "strings"
	. "example.com/shop/price"
)

const Rate = 2

const (
	First, Second = iota, 2
	third
)

var cache = map[string]Cart{}
var (
	a, b int
)

// Cart holds lines.
// It is not safe.
//
//nolint:all
type Cart struct {
	sync.Mutex
	*Base
	List[int]
	Lines, Old []Line // lines
	Hook func(int) error
}

// Priced has a price.
type Priced interface {
	io.Reader
	Price(rate int) (Money, error)
}

type (
	Pair[T any] struct{ A, B T }
	Alias       = string
	ID          int
)

// Total adds up.
func (c *Cart) Total(
	rate int,
) (sum Money, err error) {
	const local = 1
	for _, l := range c.Lines {
		sum += l.Price(rate)
	}
	fmt.Println(Map[int](c), price.Of(sum))
	return sum, &Failure{}
}

func (p Pair[T]) Swap() Pair[T] { return Pair[T]{p.B, p.A} }

func main() { go serve() }
