"""`peer.py <case> <ms>`: the CPython peers, one per fresh process; prints one JSON line.

The same procedure as bench/harness/batches.ts and bench/peers/measure.h. The locks are called as
users call them (`lock.acquire()`), each in a loop of its own inside a function, where names are
fast locals.
"""

import array
import concurrent.futures
import json
import multiprocessing
import os
import statistics
import sys
import time

WARM_UP_NS = 200_000_000
LEAD_IN_NS = 100_000_000


def print_metrics(**metrics):
    print(json.dumps({"metrics": metrics}))


def print_batches(body, measured_ms):
    """Median and mean time of one iteration of `body(count)`, in batches of about 1 ms."""
    count = 1000
    until = time.monotonic_ns() + WARM_UP_NS
    while time.monotonic_ns() < until:
        start = time.monotonic_ns()
        body(count)
        elapsed = max(time.monotonic_ns() - start, 1)
        count = min(max(count * 1_000_000 // elapsed, 100), 1_000_000)
    batches, total = [], 0
    while total < measured_ms * 1_000_000:
        start = time.monotonic_ns()
        body(count)
        elapsed = time.monotonic_ns() - start
        total += elapsed
        batches.append(elapsed / count)
    print_metrics(ns=statistics.median(batches), meanNs=total / len(batches) / count)


def pair(lock, measured_ms):
    def body(count):
        for _ in range(count):
            lock.acquire()
            lock.release()

    print_batches(body, measured_ms)


def lock_pair(measured_ms):
    pair(multiprocessing.Lock(), measured_ms)


def rlock_pair(measured_ms):
    pair(multiprocessing.RLock(), measured_ms)


def rlock_nested_pair(measured_ms):
    lock = multiprocessing.RLock()
    with lock:
        pair(lock, measured_ms)


def semaphore_pair(measured_ms):
    pair(multiprocessing.Semaphore(1), measured_ms)


def lock_try_pair(measured_ms):
    lock = multiprocessing.Lock()

    def body(count):
        for _ in range(count):
            lock.acquire(False)
            lock.release()

    print_batches(body, measured_ms)


def acquire_until(lock, end_ns):
    count = 0
    while time.monotonic_ns() < end_ns:
        for _ in range(256):
            lock.acquire()
            lock.release()
        count += 256
    return count


def pin_party(party):
    """Keeps this process on the party's own CPU, if there are as many."""
    cpus = sorted(os.sched_getaffinity(0))
    if party < len(cpus):
        os.sched_setaffinity(0, {cpus[party]})


def fight(lock, party, measured_from, measured_ms):
    pin_party(party)
    acquire_until(lock, measured_from)
    start = time.monotonic_ns()
    count = acquire_until(lock, measured_from + measured_ms * 1_000_000)
    return count, time.monotonic_ns() - start


def fight_as_child(lock, pipe, measured_ms):
    pipe.send("ready")
    pipe.send(fight(lock, 1, pipe.recv(), measured_ms))


def lock_contended(measured_ms):
    lock = multiprocessing.Lock()
    mine, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=fight_as_child, args=(lock, theirs, measured_ms))
    child.start()
    mine.recv()
    measured_from = time.monotonic_ns() + LEAD_IN_NS
    mine.send(measured_from)
    counts = [fight(lock, 0, measured_from, measured_ms), mine.recv()]
    child.join()
    total = sum(count for count, _ in counts)
    print_metrics(
        perSecond=sum(count * 1e9 / elapsed for count, elapsed in counts),
        smallerShare=min(count for count, _ in counts) / total,
    )


def answer(ping, pong):
    while True:
        ping.acquire()
        pong.release()


def round_trips_until(ping, pong, end_ns):
    rounds = 0
    while time.monotonic_ns() < end_ns:
        for _ in range(64):
            ping.release()
            pong.acquire()
        rounds += 64
    return rounds


def semaphore_ping_pong(measured_ms):
    ping, pong = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    child = multiprocessing.Process(target=answer, args=(ping, pong), daemon=True)
    child.start()
    round_trips_until(ping, pong, time.monotonic_ns() + LEAD_IN_NS)
    start = time.monotonic_ns()
    rounds = round_trips_until(ping, pong, start + measured_ms * 1_000_000)
    elapsed = time.monotonic_ns() - start
    child.terminate()
    child.join()
    print_metrics(perSecond=rounds * 1e9 / elapsed)


def print_trips(trip, target, arguments, measured_ms):
    """Round trips per second of `trip()` with a process that answers for ever."""
    child = multiprocessing.Process(target=target, args=arguments, daemon=True)
    child.start()

    def until(end_ns):
        trips = 0
        while time.monotonic_ns() < end_ns:
            for _ in range(64):
                trip()
            trips += 64
        return trips

    until(time.monotonic_ns() + LEAD_IN_NS)
    start = time.monotonic_ns()
    trips = until(start + measured_ms * 1_000_000)
    elapsed = time.monotonic_ns() - start
    print_metrics(perSecond=trips * 1e9 / elapsed)
    sys.stdout.flush()
    # Whoever is terminated inside an Event or a Condition leaves its locks held: no joining here.
    os.kill(child.pid, 9)
    os._exit(0)


def event_is_set(measured_ms):
    event = multiprocessing.Event()

    def body(count):
        for _ in range(count):
            event.is_set()

    print_batches(body, measured_ms)


def event_set_clear(measured_ms):
    event = multiprocessing.Event()

    def body(count):
        for _ in range(count):
            event.set()
            event.clear()

    print_batches(body, measured_ms)


def condition_notify(measured_ms):
    condition = multiprocessing.Condition(multiprocessing.Lock())

    def body(count):
        for _ in range(count):
            condition.notify()

    with condition:
        print_batches(body, measured_ms)


def answer_events(ping, pong):
    while True:
        ping.wait()
        ping.clear()
        pong.set()


def event_ping_pong(measured_ms):
    ping, pong = multiprocessing.Event(), multiprocessing.Event()

    def trip():
        ping.set()
        pong.wait()
        pong.clear()

    print_trips(trip, answer_events, (ping, pong), measured_ms)


def take_turn(condition, turn, parity):
    with condition:
        while turn.value % 2 != parity:
            condition.wait()
        turn.value += 1
        condition.notify()


def answer_turns(condition, turn):
    while True:
        take_turn(condition, turn, 1)


def condition_ping_pong(measured_ms):
    condition = multiprocessing.Condition(multiprocessing.Lock())
    turn = multiprocessing.RawValue("i", 0)
    print_trips(
        lambda: take_turn(condition, turn, 0), answer_turns, (condition, turn), measured_ms
    )


BURST = 64


def meet(barrier, times):
    for _ in range(times):
        barrier.wait()


def meet_again_and_again(barrier, stop):
    while True:
        meet(barrier, BURST)
        if stop.value:
            return


def meet_until(barrier, stop, end_ns, is_last):
    rounds = 0
    while True:
        meet(barrier, BURST - 1)
        rounds += BURST
        is_over = time.monotonic_ns() >= end_ns
        if is_over and is_last:
            stop.value = 1
        meet(barrier, 1)
        if is_over:
            return rounds


def barrier_rounds(parties):
    def run(measured_ms):
        barrier = multiprocessing.Barrier(parties)
        stop = multiprocessing.RawValue("i", 0)
        children = [
            multiprocessing.Process(target=meet_again_and_again, args=(barrier, stop))
            for _ in range(parties - 1)
        ]
        for child in children:
            child.start()
        meet_until(barrier, stop, time.monotonic_ns() + LEAD_IN_NS, False)
        start = time.monotonic_ns()
        rounds = meet_until(barrier, stop, start + measured_ms * 1_000_000, True)
        print_metrics(perSecond=rounds * 1e9 / (time.monotonic_ns() - start))
        for child in children:
            child.join()

    return run


def raw_value(code):
    def run(measured_ms):
        shared = multiprocessing.RawValue(code, 0)

        def body(count):
            for i in range(count):
                shared.value = i
                shared.value

        print_batches(body, measured_ms)

    return run


def value_int32(measured_ms):
    shared = multiprocessing.Value("i", 0)

    def body(count):
        for i in range(count):
            shared.value = i
            shared.value

    print_batches(body, measured_ms)


def array_access(measured_ms):
    elements = multiprocessing.RawArray("d", 1024)

    def body(count):
        for i in range(count):
            elements[i & 1023] += 0.5

    print_batches(body, measured_ms)


def first_line(connection):
    now = time.monotonic_ns()
    connection.send(now)


def start(method):
    """From start() to the first line of the child, the median; `firstMs`: the very first one."""

    def measure(measured_ms):
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload([])

        def once():
            receiver, sender = context.Pipe(False)
            before = time.monotonic_ns()
            process = context.Process(target=first_line, args=(sender,))
            process.start()
            started = time.monotonic_ns()
            line = receiver.recv()
            process.join()
            return (started - before) / 1e6, (line - before) / 1e6

        _, first = once()
        runs = [once() for _ in range(50 if measured_ms >= 300 else 15)]
        print_metrics(
            startMs=statistics.median(start for start, _ in runs),
            firstLineMs=statistics.median(line for _, line in runs),
            firstMs=first,
        )

    return measure


# Messages; bench/harness/streams.ts and payloads.ts on the other side.

PAYLOADS = {
    "number": lambda i: i,
    "text": lambda i: "sixteen letters.",
    "object": lambda i: {"id": i, "name": "abc", "ok": True},
    "1KB": (b"x" * 2**10),
    "64KB": (b"x" * 2**16),
    "1MB": (b"x" * 2**20),
}


def maker_of(name):
    payload = PAYLOADS[name]
    return payload if callable(payload) else lambda i: payload


def serve(put, orders, name):
    make = maker_of(name)
    while True:
        count = orders.recv()
        if count == 0:
            return
        for i in range(count):
            put(make(i))


def measure_stream(get, put, name, measured_ms):
    mine, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=serve, args=(put, theirs, name), daemon=True)
    child.start()
    payload = PAYLOADS[name]
    size = 0 if callable(payload) else len(payload)

    def timed(count):
        start = time.monotonic_ns()
        mine.send(count)
        for _ in range(count):
            get()
        return max(time.monotonic_ns() - start, 1)

    rounds = 5
    count = 20 if size > 2**12 else 500
    until = time.monotonic_ns() + 300_000_000
    while time.monotonic_ns() < until:
        wanted = count * measured_ms * 1_000_000 // rounds // timed(count)
        count = max(10, min(4 * count, wanted))
    rate = statistics.median(count * 1e9 / timed(count) for _ in range(rounds))
    mine.send(0)
    child.join()
    if size:
        print_metrics(perSecond=rate, bytesPerSecond=rate * size)
    else:
        print_metrics(perSecond=rate)


def queue_stream(name):
    def run(measured_ms):
        queue = multiprocessing.Queue()
        measure_stream(queue.get, queue.put, name, measured_ms)

    return run


def pipe_stream(name):
    def run(measured_ms):
        receiver, sender = multiprocessing.Pipe(duplex=False)
        measure_stream(receiver.recv, sender.send, name, measured_ms)

    return run


def pipe_bytes_stream(name):
    def run(measured_ms):
        receiver, sender = multiprocessing.Pipe(duplex=False)
        measure_stream(receiver.recv_bytes, sender.send_bytes, name, measured_ms)

    return run


def echo(get, put):
    while True:
        put(get())


def print_latencies(there, back, child_get, child_put, measured_ms):
    child = multiprocessing.Process(target=echo, args=(child_get, child_put), daemon=True)
    child.start()

    def trip(i):
        there(i)
        back()

    for i in range(2000):
        trip(i)
    latencies = []
    until = time.monotonic_ns() + measured_ms * 1_000_000
    while time.monotonic_ns() < until:
        start = time.monotonic_ns()
        trip(len(latencies))
        latencies.append(time.monotonic_ns() - start)
    latencies.sort()
    at = lambda p: latencies[round(p * (len(latencies) - 1))] / 1000
    print_metrics(p50Us=at(0.5), p99Us=at(0.99), maxUs=at(1))
    sys.stdout.flush()
    os.kill(child.pid, 9)
    os._exit(0)


def queue_round_trip(measured_ms):
    there, back = multiprocessing.Queue(), multiprocessing.Queue()
    print_latencies(there.put, back.get, there.get, back.put, measured_ms)


def pipe_round_trip(measured_ms):
    mine, theirs = multiprocessing.Pipe()
    print_latencies(mine.send, mine.recv, theirs.recv, theirs.send, measured_ms)


def crowd_party(queue, orders, done, puts):
    while True:
        count = orders.recv()
        for i in range(count):
            if puts:
                queue.put(i)
            else:
                queue.get()
        done.put(count)


def queue_crowd(measured_ms):
    queue, done = multiprocessing.Queue(), multiprocessing.Queue()
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(8)]
    children = [
        multiprocessing.Process(
            target=crowd_party, args=(queue, receiver, done, i % 2 == 1), daemon=True
        )
        for i, (receiver, _) in enumerate(pipes)
    ]
    for child in children:
        child.start()

    def timed(count):
        start = time.monotonic_ns()
        for _, sender in pipes:
            sender.send(count)
        for _ in pipes:
            done.get()
        return time.monotonic_ns() - start

    count = 500
    for _ in range(3):
        count = max(10, count * measured_ms * 1_000_000 // 5 // timed(count))
    rate = statistics.median(4 * count * 1e9 / timed(count) for _ in range(5))
    print_metrics(perSecond=rate)
    sys.stdout.flush()
    for child in children:
        os.kill(child.pid, 9)
    os._exit(0)


POOL_WORKERS = 2


def double(x):
    return x * 2


def busy(ms):
    until = time.perf_counter() + ms / 1000
    turns = 0
    while time.perf_counter() < until:
        turns += 1
    return turns


def touch(values):
    values[0] += 1
    return values


def group_cpu_ns():
    """Processor time of all threads of this process group that live."""
    total = 0
    for name in os.listdir("/proc"):
        try:
            if not name.isdigit() or os.getpgid(int(name)) != os.getpgid(0):
                continue
            for thread in os.listdir(f"/proc/{name}/task"):
                with open(f"/proc/{name}/task/{thread}/schedstat") as file:
                    total += int(file.read().split()[0])
        except OSError:
            pass
    return total


class OfPool:
    """multiprocessing.Pool, as the pool cases see it."""

    def __init__(self):
        self.pool = multiprocessing.Pool(POOL_WORKERS)

    def once(self, function, argument):
        return self.pool.apply(function, (argument,))

    def many(self, function, arguments):
        for result in [self.pool.apply_async(function, (each,)) for each in arguments]:
            result.get()

    def map(self, function, arguments):
        self.pool.map(function, arguments)

    def end(self):
        self.pool.terminate()
        self.pool.join()


class OfExecutor:
    """The same with ProcessPoolExecutor."""

    def __init__(self):
        self.pool = concurrent.futures.ProcessPoolExecutor(POOL_WORKERS)

    def once(self, function, argument):
        return self.pool.submit(function, argument).result()

    def many(self, function, arguments):
        for result in [self.pool.submit(function, each) for each in arguments]:
            result.result()

    def map(self, function, arguments):
        list(self.pool.map(function, arguments, chunksize=1000))

    def end(self):
        self.pool.shutdown()


def pool_one_by_one(make, warm_up, function, argument, measured_ms):
    pool = make()
    for _ in range(warm_up):
        pool.once(function, argument)
    latencies = []
    cpu = group_cpu_ns()
    until = time.monotonic_ns() + measured_ms * 1_000_000
    while time.monotonic_ns() < until:
        start = time.monotonic_ns()
        pool.once(function, argument)
        latencies.append(time.monotonic_ns() - start)
    cpu = (group_cpu_ns() - cpu) / 1000 / len(latencies)
    latencies.sort()
    at = lambda p: latencies[round(p * (len(latencies) - 1))] / 1000
    pool.end()
    print_metrics(p50Us=at(0.5), p99Us=at(0.99), maxUs=at(1), cpuUs=cpu)


def pool_rounds(make, once, first, measured_ms):
    pool = make()

    def timed(count):
        start = time.monotonic_ns()
        once(pool, count)
        return time.monotonic_ns() - start

    rounds, count = 7, first
    until = time.monotonic_ns() + 500_000_000
    while time.monotonic_ns() < until:
        wanted = count * measured_ms * 1_000_000 // rounds // timed(count)
        count = max(first, min(4 * count, wanted))
    cpu = group_cpu_ns()
    rates = [count * 1e9 / timed(count) for _ in range(rounds)]
    cpu = (group_cpu_ns() - cpu) / 1000 / rounds / count
    pool.end()
    print_metrics(perSecond=statistics.median(rates), cpuUs=cpu)


def pool_starts(make, measured_ms):
    def start():
        begin = time.monotonic_ns()
        pool = make()
        pool.once(double, 1)
        elapsed = (time.monotonic_ns() - begin) / 1e6
        pool.end()
        return elapsed

    first = start()
    rest = [start() for _ in range(20 if measured_ms >= 300 else 8)]
    print_metrics(firstMs=first, nextMs=statistics.median(rest))


def pool_cases(prefix, make):
    def many(pool, count):
        pool.many(double, range(count))

    def mapped(pool, count):
        pool.map(double, range(count))

    def long(pool, count):
        pool.many(busy, [1] * count)

    values = array.array("d", [1]) * 2**17
    return {
        f"{prefix}-latency": lambda ms: pool_one_by_one(make, 1000, double, 1, ms),
        f"{prefix}-array": lambda ms: pool_one_by_one(make, 30, touch, values, ms),
        f"{prefix}-pipelined": lambda ms: pool_rounds(make, many, 500, ms),
        f"{prefix}-map": lambda ms: pool_rounds(make, mapped, 10_000, ms),
        f"{prefix}-busy": lambda ms: pool_rounds(make, long, 10, ms),
        f"{prefix}-start": lambda ms: pool_starts(make, ms),
    }


CASES = {
    **pool_cases("pool", OfPool),
    **pool_cases("executor", OfExecutor),
    "start-fork": start("fork"),
    "start-forkserver": start("forkserver"),
    "start-spawn": start("spawn"),
    "raw-value-int32": raw_value("i"),
    "raw-value-float64": raw_value("d"),
    "value-int32": value_int32,
    "raw-array": array_access,
    "lock": lock_pair,
    "lock-try": lock_try_pair,
    "rlock": rlock_pair,
    "rlock-nested": rlock_nested_pair,
    "semaphore": semaphore_pair,
    "lock-contended": lock_contended,
    "semaphore-ping-pong": semaphore_ping_pong,
    "event-is-set": event_is_set,
    "event-set-clear": event_set_clear,
    "condition-notify": condition_notify,
    "event-ping-pong": event_ping_pong,
    "condition-ping-pong": condition_ping_pong,
    **{f"barrier-{parties}": barrier_rounds(parties) for parties in (2, 4, 8)},
    **{f"queue-stream-{name}": queue_stream(name) for name in PAYLOADS},
    **{f"pipe-stream-{name}": pipe_stream(name) for name in PAYLOADS},
    **{f"pipe-bytes-stream-{name}": pipe_bytes_stream(name) for name in PAYLOADS},
    "queue-round-trip": queue_round_trip,
    "pipe-round-trip": pipe_round_trip,
    "queue-crowd": queue_crowd,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in CASES:
        sys.exit(f"usage: peer.py <case> [ms]; cases: {' '.join(CASES)}")
    CASES[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 300)
