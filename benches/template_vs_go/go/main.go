// Measures Go's text/template: how long one parse and one execution take.
//
// usage: template-go TEMPLATE DATA.json SECONDS
//
// It prints the nanoseconds of a parse, those of an execution, and the bytes of the output. Each is
// the fastest of many batches, as on the other side.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"text/template"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("usage: template-go TEMPLATE DATA.json SECONDS")
	}
	text, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	encoded, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(arguments[2], 64)
	if err != nil {
		return err
	}
	data, err := decode(encoded)
	if err != nil {
		return err
	}
	source := string(text)
	parsed, err := template.New("bench").Parse(source)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	execute := func() error {
		out = bytes.Buffer{}
		return parsed.Execute(&out, data)
	}
	parse := func() error {
		_, err := template.New("bench").Parse(source)
		return err
	}
	parsing, err := fastest(seconds, parse)
	if err != nil {
		return err
	}
	executing, err := fastest(seconds, execute)
	if err != nil {
		return err
	}
	fmt.Println(parsing, executing, out.Len())
	return nil
}

// decode reads whole numbers as int, which is what templates are given elsewhere, too.
func decode(encoded []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	return numbered(data), nil
}

func numbered(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := strconv.Atoi(value.String()); err == nil {
			return whole
		}
		float, _ := value.Float64()
		return float
	case []any:
		for index := range value {
			value[index] = numbered(value[index])
		}
	case map[string]any:
		for key := range value {
			value[key] = numbered(value[key])
		}
	}
	return value
}

// fastest gives the nanoseconds of one call, in the fastest batch of a time.
func fastest(seconds float64, call func() error) (int64, error) {
	started := time.Now()
	if err := call(); err != nil {
		return 0, err
	}
	batch := int64(5*time.Millisecond/(time.Since(started)+1)) + 1
	best := int64(-1)
	for time.Since(started).Seconds() < seconds {
		began := time.Now()
		for range make([]struct{}, batch) {
			if err := call(); err != nil {
				return 0, err
			}
		}
		if each := time.Since(began).Nanoseconds() / batch; best < 0 || each < best {
			best = each
		}
	}
	return best, nil
}
