package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/internal/inflate"
)

// floor is the least that a validation can do: fetch each log file of a
// delivery, or read it from the folder, uncompress it with the fastest way
// there is here, and compare its SHA-256. It knows beforehand which files there
// are. from is "WORKERS URL", or "WORKERS" alone for the folder. It writes how
// many files were right.
func floor(from, dir string) error {
	number, url, online := strings.Cut(from, " ")
	workers, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(dir, listFile))
	if err != nil {
		return err
	}
	defer file.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}, Timeout: time.Minute}
	lines := make(chan string, workers)
	var g errgroup.Group
	for range workers {
		g.Go(func() error {
			var stored bytes.Buffer
			var plain []byte
			var gzip inflate.Decoder
			for line := range lines {
				hash, key, _ := strings.Cut(line, " ")
				stored.Reset()
				var err error
				if online {
					err = get(client, url+"/"+bucketName+"/"+key, &stored)
				} else {
					err = readFile(filepath.Join(dir, "bucket", key), &stored)
				}
				if err == nil {
					plain, _, err = gzip.Gunzip(plain[:0], stored.Bytes(), 1<<40)
				}
				if sum := sha256.Sum256(plain); err == nil && hex.EncodeToString(sum[:]) != hash {
					err = fmt.Errorf("another hash")
				}
				if err != nil {
					fail(fmt.Errorf("%s: %w", key, err))
				}
			}
			return nil
		})
	}
	n := 0
	for in := bufio.NewScanner(file); in.Scan(); n++ {
		lines <- in.Text()
	}
	close(lines)
	err = g.Wait()
	fmt.Println(n)
	return err
}

func get(client *http.Client, url string, into *bytes.Buffer) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	_, err = into.ReadFrom(resp.Body)
	return err
}

func readFile(path string, into *bytes.Buffer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(into, file)
	return err
}
