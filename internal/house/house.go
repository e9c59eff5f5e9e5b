// Package house holds the rules that the code of this module keeps, as tests:
// which package may import which, where the package comments stand, what a
// library must not do. It has no code of its own.
package house
