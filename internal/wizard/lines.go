package wizard

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// askLines asks line by line. The end of the input is no answer to anything.
func askLines(ctx context.Context, list []question, in io.Reader, out io.Writer, _ int) error {
	l := &lines{ctx: ctx, out: out, in: make(chan string)}
	go l.read(in)
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
	out io.Writer
	in  chan string // closed at the end of the input
}

// read goes on until the input ends: a read of a terminal cannot be broken
// off, so it must not be what Ctrl+C waits for.
func (l *lines) read(in io.Reader) {
	defer close(l.in)
	s := bufio.NewScanner(in)
	for s.Scan() {
		select {
		case l.in <- s.Text():
		case <-l.ctx.Done():
			return
		}
	}
}

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
		case text, ok := <-l.in:
			if !ok {
				fmt.Fprintln(l.out)
				return ErrAborted
			}
			err := q.take(strings.TrimSpace(text))
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
