package wizard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// askLines asks line by line. The end of the input is no answer to anything.
func askLines(ctx context.Context, list []question, in io.Reader, out io.Writer, _ int) error {
	l := &lines{ctx: ctx, in: in, out: out}
	for _, q := range list {
		if q.isHidden() {
			continue
		}
		if err := l.ask(q); err != nil {
			return err
		}
	}
	return nil
}

type lines struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
}

// line is one line of the input, or why there is none.
type line struct {
	text string
	err  error
}

// next reads a line in the background: a read of a terminal cannot be broken
// off, so it must not be what Ctrl+C waits for. Nothing is read that was not
// asked for: the question after the last one here is somebody else's.
func (l *lines) next() <-chan line {
	c := make(chan line, 1)
	go func() {
		text, err := readLine(l.in)
		c <- line{text, err}
	}()
	return c
}

// maxLine is more than any answer has.
const maxLine = 4096

// readLine reads up to the end of a line and not beyond. A last line without
// an end is cut off, and no line.
func readLine(in io.Reader) (string, error) {
	var text []byte
	var b [1]byte
	for len(text) <= maxLine {
		switch _, err := io.ReadFull(in, b[:]); {
		case err != nil:
			return "", err
		case b[0] == '\n':
			return string(text), nil
		}
		text = append(text, b[0])
	}
	return "", errLine
}

var errLine = errors.New("the line is too long")

// ask asks one question until the answer can be used.
func (l *lines) ask(q question) error {
	fmt.Fprintf(l.out, "%s\n  %s\n", q.title, q.explain())
	for i, o := range q.options {
		fmt.Fprintf(l.out, "  %d. %s\n", i+1, o.label)
	}
	for {
		fmt.Fprint(l.out, q.prompt())
		select {
		case <-l.ctx.Done():
			fmt.Fprintln(l.out)
			return context.Cause(l.ctx)
		case line := <-l.next():
			if errors.Is(line.err, io.EOF) {
				fmt.Fprintln(l.out)
				return ErrAborted
			}
			if line.err != nil {
				return fmt.Errorf("reading the answer: %w", line.err)
			}
			err := q.take(strings.TrimSpace(line.text))
			if err == nil {
				return nil
			}
			fmt.Fprintf(l.out, "  %v\n", err)
		}
	}
}

// prompt shows what an empty line stands for.
func (q question) prompt() string {
	byDefault := ""
	switch {
	case q.choice != nil:
		for i, o := range q.options {
			if o.value == *q.choice {
				byDefault = strconv.Itoa(i + 1)
			}
		}
	case q.yes != nil:
		byDefault = "n"
		if *q.yes {
			byDefault = "y"
		}
	case q.many != nil:
		byDefault = strings.Join(*q.many, ",")
	case q.byDefault != nil:
		byDefault = q.byDefault()
	}
	if byDefault == "" {
		return "> "
	}
	return "[" + byDefault + "]> "
}

// take keeps an answer, or says why it cannot.
func (q question) take(text string) error {
	switch {
	case text == "" && q.text == nil:
		return nil
	case q.many != nil:
		return q.takeMany(text)
	case q.choice != nil:
		o, err := q.option(text)
		if err == nil {
			*q.choice = o
		}
		return err
	case q.yes != nil:
		return q.takeYes(text)
	}
	if err := q.accept(text); err != nil {
		return err
	}
	*q.text = text
	return nil
}

func (q question) takeYes(text string) error {
	switch strings.ToLower(text) {
	case "y", "yes":
		*q.yes = true
	case "n", "no":
		*q.yes = false
	default:
		return fmt.Errorf("%q is neither y nor n", text)
	}
	return nil
}

func (q question) takeMany(text string) error {
	var chosen []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		o, err := q.option(word)
		if err != nil {
			return err
		}
		chosen = append(chosen, o)
	}
	if err := atLeastOne(chosen); err != nil {
		return err
	}
	*q.many = chosen
	return nil
}

// option finds one by its number or value.
func (q question) option(text string) (string, error) {
	n, err := strconv.Atoi(text)
	for i, o := range q.options {
		if o.value == text || err == nil && n == i+1 {
			return o.value, nil
		}
	}
	return "", fmt.Errorf("%q is none of these: give a number from 1 to %d", text, len(q.options))
}
