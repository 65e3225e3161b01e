// Go's goroutines and channels: NOT operating-system processes; what people are used to, for comparison.
// usage: gobench WORKLOAD [VARIANT] SIZE...; prints `name value unit checksum`.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func report(name string, value float64, unit string, checksum int) {
	fmt.Printf("%s %.9g %s %d\n", name, value, unit, checksum)
}

func rate(n int, begun time.Time) float64 { return float64(n) / time.Since(begun).Seconds() }

func spawn(n int) {
	begun := time.Now()
	for i := 0; i < n; i++ {
		done := make(chan struct{})
		go func() { close(done) }()
		<-done
	}
	report("spawn", rate(n, begun), "proc/s", n)
}

func spawnMany(n int) {
	begun := time.Now()
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go all.Done()
	}
	all.Wait()
	report("spawn_many", time.Since(begun).Seconds()*1e3, "ms", n)
}

func pingpong(n int) {
	there, back := make(chan int), make(chan int)
	go func() {
		for x := range there {
			back <- x + 1
		}
	}()
	sum := 0
	begun := time.Now()
	for i := 0; i < n; i++ {
		there <- i
		sum += <-back
	}
	report("pingpong", rate(n, begun), "roundtrip/s", sum)
	close(there)
}

func queue(producers, n int) {
	each, q, sum := n/producers, make(chan int, 1024), 0
	begun := time.Now()
	for p := 0; p < producers; p++ {
		go func(first int) {
			for i := 0; i < each; i++ {
				q <- first + i
			}
		}(p * each)
	}
	for i := 0; i < each*producers; i++ {
		sum += <-q
	}
	report("queue", rate(each*producers, begun), "msg/s", sum)
}

// Each message is copied into a fresh slice, as between processes.
func bigmsg(n int) {
	message := make([]byte, 1<<20)
	message[1<<20-1] = 'z'
	q, checksum := make(chan []byte, 8), 0
	begun := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			q <- append([]byte(nil), message...)
		}
	}()
	for i := 0; i < n; i++ {
		m := <-q
		checksum += len(m) + int(m[len(m)-1])
	}
	report("bigmsg", rate(n, begun), "MiB/s", checksum)
}

func list1000(n int) {
	message := make([]int, 1000)
	for i := range message {
		message[i] = i
	}
	q, checksum := make(chan []int, 64), 0
	begun := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			q <- append([]int(nil), message...)
		}
	}()
	for i := 0; i < n; i++ {
		m := <-q
		checksum += len(m) + m[999]
	}
	report("list1000", rate(n, begun), "msg/s", checksum)
}

func counter(n int) {
	var hits int64
	var all sync.WaitGroup
	begun := time.Now()
	for w := 0; w < 4; w++ {
		all.Add(1)
		go func() {
			for i := 0; i < n/4; i++ {
				atomic.AddInt64(&hits, 1)
			}
			all.Done()
		}()
	}
	all.Wait()
	report("counter", rate(n, begun), "inc/s", int(hits))
}

func ring(size, rounds int) {
	links := make([]chan int, size)
	for i := range links {
		links[i] = make(chan int)
	}
	for i := 1; i < size; i++ {
		go func(source, out chan int) {
			for r := 0; r < rounds; r++ {
				out <- <-source + 1
			}
		}(links[i], links[(i+1)%size])
	}
	token := 0
	begun := time.Now()
	for r := 0; r < rounds; r++ {
		links[1] <- token + 1
		token = <-links[0]
	}
	report("ring", rate(size*rounds, begun), "hop/s", token)
}

func commstime(n int) {
	a, b, c, d := make(chan int), make(chan int), make(chan int), make(chan int)
	go func() {
		a <- 0
		for x := range c {
			a <- x
		}
	}()
	go func() {
		for x := range a {
			b <- x
			d <- x
		}
	}()
	go func() {
		for x := range b {
			c <- x + 1
		}
	}()
	sum := 0
	begun := time.Now()
	for i := 0; i < n; i++ {
		sum += <-d
	}
	report("commstime", time.Since(begun).Seconds()/float64(n)*1e6, "us/loop", sum)
}

func choose(n int) {
	var cs [8]chan int
	each, sum := n/8, 0
	begun := time.Now()
	for w := range cs {
		cs[w] = make(chan int)
		go func(c chan int, first int) {
			for i := 0; i < each; i++ {
				c <- first + i
			}
		}(cs[w], w*each)
	}
	for i := 0; i < each*8; i++ {
		var x int
		select {
		case x = <-cs[0]:
		case x = <-cs[1]:
		case x = <-cs[2]:
		case x = <-cs[3]:
		case x = <-cs[4]:
		case x = <-cs[5]:
		case x = <-cs[6]:
		case x = <-cs[7]:
		}
		sum += x
	}
	report("select", rate(each*8, begun), "msg/s", sum)
}

// A goroutine that owns a list and a namespace, asked through a channel: one request for each operation.
func manager(variant string, n int) {
	type request struct {
		operation, argument int
		answer              chan int
	}
	requests := make(chan request)
	go func() {
		list, x := []int{7}, 0
		for r := range requests {
			switch r.operation {
			case 0:
				r.answer <- list[r.argument]
			case 1:
				list = append(list, r.argument)
				r.answer <- len(list)
			default:
				x += r.argument
				r.answer <- x
			}
		}
	}()
	answer, checksum := make(chan int), 0
	begun := time.Now()
	for i := 0; i < n; i++ {
		switch variant {
		case "get":
			requests <- request{0, 0, answer}
			checksum += <-answer
		case "append":
			requests <- request{1, i, answer}
			checksum = <-answer - 1
		default:
			requests <- request{2, 1, answer}
			checksum = <-answer
		}
	}
	report("manager", rate(n, begun), "op/s", checksum)
}

func main() {
	variant := ""
	sizes := []int{}
	for _, word := range os.Args[2:] {
		if n, err := strconv.Atoi(word); err == nil {
			sizes = append(sizes, n)
		} else {
			variant = word
		}
	}
	switch os.Args[1] {
	case "hello":
		fmt.Println("hello")
	case "spawn":
		spawn(sizes[0])
	case "spawn_many":
		spawnMany(sizes[0])
	case "pingpong":
		pingpong(sizes[0])
	case "queue":
		queue(sizes[0], sizes[1])
	case "bigmsg":
		bigmsg(sizes[0])
	case "list1000":
		list1000(sizes[0])
	case "counter":
		counter(sizes[0])
	case "ring":
		ring(sizes[0], sizes[1])
	case "commstime":
		commstime(sizes[0])
	case "select":
		choose(sizes[0])
	case "manager":
		manager(variant, sizes[0])
	default:
		os.Exit(2)
	}
}
