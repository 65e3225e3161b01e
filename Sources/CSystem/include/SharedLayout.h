// The layout of the structures that live in the shared arena, and their addressing. They are C so that
// every process and every build agrees on each offset. What the fields mean, which lock protects them and
// in which order they are written is said in Sources/ProcRuntime, where they are used.
#ifndef SHARED_LAYOUT_H
#define SHARED_LAYOUT_H

enum { PL_NAME_BYTES = 48, PL_INFLIGHT = 24, PL_PENDING = 16, PL_LOCKSET = 8, PL_INLINE = 48 };

// MARK: Process table

/// What a process is doing; values of `pl_slot.state`.
enum {
    PL_FREE = 0, PL_RESERVED, PL_RUNNING, PL_EXITING, PL_DEAD, PL_SWEPT, PL_ENDED,
    PL_SUPERVISOR_SLOT = 1,
    // Bits of `pl_header.kicks` that are set in signal handlers.
    PL_KICK_CANCEL = 2, PL_KICK_SIGNAL = 64,
    // Bits of `pl_slot.cancel`: a cancellation is pending; none may become pending; one came meanwhile.
    PL_CANCEL_REQUESTED = 1, PL_CANCEL_HOLDING = 8, PL_CANCEL_HELD = 16
};

/// One process. Written by the process itself, unless a comment in ProcessTable.swift says otherwise.
typedef struct pl_slot {
    uint32_t state, generation;
    int32_t pid;
    uint32_t parent, parent_generation;
    uint32_t seq, parked;            // the parker: an even number; that number + 1 while asleep on it
    uint32_t cancel;                 // bits: PL_CANCEL_..., and those that Cancellation.swift names
    uint64_t claim;                  // epoch, case, state
    uint32_t epoch;
    // Wait record
    uint32_t wait_gen, wait_seq;
    uint8_t wait_kind, wait_flags;
    uint16_t waker;                  // who had news last: 1 + its CPU, low byte; its slot, low byte, << 8 (a hint)
    int32_t wait_line, wait_try_depth;
    uint64_t wait_since;
    uint64_t wait_object;            // joined process, lock, barrier, ...: by kind
    uint32_t join_group;             // the group this process waits for
    uint32_t awaited_group;          // the group in which its parent waits for this process
    // Supervision
    uint32_t watch, kill_request;
    uint32_t birth_intent;           // the slot of a child that the supervisor does not know of yet
    uint32_t watches_foreign;        // it waits, or did, for the end of processes that are not its children
    int64_t cancel_deadline;
    uint32_t foreign_waiters, external;
    uint32_t verdict, reserved;
    // Exit record
    uint8_t exit_kind, joined, exit_signal, service;
    int32_t exit_status;
    uint64_t exit_block;
    // Lists of what it owns (forward links are the truth)
    uint32_t ends, records;
    uint32_t end_intent, record_intent, object_intent, user_lock_head;
    uint32_t inflight_overflow, lockset_overflow, pending_count;
    uint64_t inflight[PL_INFLIGHT];
    uint32_t pending[PL_PENDING];
    uint32_t lockset[PL_LOCKSET];
    uint64_t sent, received;         // messages, for those who inspect the program
    uint64_t wait_began;             // `pl_ticks`: when the present wait began
    uint64_t birth;                  // monotonic ns
    uint64_t user[16];               // for shared variables and user locks
    char name[PL_NAME_BYTES];
    int32_t start_line;
    uint64_t fail_order;              // when its body failed, in the order of all failures; 0: it did not
    uint64_t end_intent_owner;        // whose the entry in `end_intent` is to be, or was
    uint32_t cancel_sent;            // a cancellation with its time limit has reached it: there is no second one
    // Exit record: a small result without capabilities, and 1 + its length (0: the result, if any, is in `exit_block`).
    uint8_t exit_length, exit_inline[PL_INLINE];
    uint8_t padding[267];
} pl_slot;

// MARK: Objects

/// A channel, a shared variable, a barrier, ... : type-stable, referenced by index and generation.
typedef struct pl_object {
    pthread_mutex_t lock;
    uint32_t generation;
    uint8_t kind, flags;             // kind 0: free
    uint16_t reserved;
    uint64_t head, tail;             // with the lock in one cache line: what each message writes; capacity ... readers_lent
    uint64_t capacity;               // in the next one: what it reads. Channels; other kinds use `words`
    uint64_t ring;                   // block reference of the ring | log2 of its entries (one word: one commit)
    uint64_t ticket;
    uint32_t send_first, send_last, send_count;
    uint32_t recv_first, recv_last, recv_count;   // receivers that are not signalled
    uint32_t signalled;
    uint32_t readers, readers_lent, writers, holders;
    uint32_t ends_first, end_gen;
    uint32_t peer, next_free;
    int32_t line;
    uint64_t words[8];
    char name[24];
    uint64_t maker;                  // who is making it (0 from its first end on), or destroying it
    uint8_t padding[8];
} pl_object;

/// The right of one process (or of the block of one unread message) on one object in one direction.
typedef struct pl_end {
    uint64_t owner;                  // 0: free; slot reference, or block reference | 1
    uint32_t object;                 // 0: not attached
    uint32_t object_generation;
    uint8_t right, flags;
    uint16_t reserved;
    uint32_t own_next, own_prev;     // list of the owner
    uint32_t object_next, object_prev;
    uint32_t next_free;
    uint32_t reserved2;
} pl_end;

/// One waiting case of one process at one object.
typedef struct pl_record {
    uint32_t owner;                  // 0: free; slot index
    uint32_t chain;                  // next record of the same owner
    uint32_t object;
    uint32_t epoch;
    uint8_t active, direction, signalled, ended;
    uint8_t sole, untimed;
    uint16_t case_index;
    uint64_t ticket;
    uint32_t next, prev;             // list of the object
    uint32_t next_free;
    uint32_t length;                 // payload
    uint64_t message;                // id of the offered message
    uint8_t in_block;
    uint8_t sequel;                  // of a send that is followed by a receive, or that receive (Sequel)
    uint8_t reserved2[6];
    uint8_t payload[PL_INLINE];
    uint8_t padding[16];
} pl_record;

/// One message in a ring.
typedef struct pl_entry {
    uint64_t message;                // id: sender's slot and epoch
    uint32_t length;
    uint8_t in_block;
    uint8_t reserved[3];
    uint8_t payload[PL_INLINE];      // the bytes, or the block reference
} pl_entry;

// MARK: Memory

/// Precedes the payload of every block.
typedef struct pl_block {
    uint64_t owner;                  // slot reference, or object index with the top bit set
    uint64_t length;                 // bytes used
    uint32_t ends;                   // list of the ends inside the message
    uint32_t ends_count;
    uint64_t reserved;
} pl_block;

typedef struct pl_chunk {
    uint8_t state, size_class;       // state: free, blocks, head of a run, inside a run
    uint16_t free_blocks;
    uint32_t run;                    // chunks in the run
    uint32_t next, prev;             // partly free chunks of the class
    uint32_t listed;
    uint8_t reserved[44];
    uint64_t bitmap[16];             // bit set: block in use (the truth)
} pl_chunk;

enum { PL_CHUNK_BYTES = 65536, PL_CLASSES = 10 };

/// A growing part of the reservation.
typedef struct pl_region {
    uint64_t offset, limit, committed;   // bytes
} pl_region;

typedef struct pl_pool {
    pthread_mutex_t lock;
    uint32_t free_first, used;       // `used`: indices below it were handed out at least once
    uint32_t live, reserved;
} pl_pool;

enum { PL_REGION_SLOTS = 0, PL_REGION_OBJECTS, PL_REGION_ENDS, PL_REGION_RECORDS, PL_REGION_CHUNKS, PL_REGION_BLOCKS,
       PL_REGIONS };

typedef struct pl_class {
    pthread_mutex_t lock;
    uint32_t partial, reserved;
} pl_class;

/// A lock that may be held while its owner blocks: a futex with the owner in it, released by the sweep.
typedef struct pl_owner_lock {
    uint64_t owner;                  // slot reference
    uint32_t word, waiters;
} pl_owner_lock;

typedef struct pl_header {
    uint64_t magic, layout;              // at this place in every version: whose memory it is, and in which layout
    uint64_t reservation, limit, total_committed;
    pl_region regions[PL_REGIONS];
    pthread_mutex_t growth_lock;
    pthread_mutex_t chunk_lock;
    pthread_mutex_t slot_lock;
    pl_pool objects, ends, records;
    pl_class classes[PL_CLASSES];
    uint32_t chunk_used, chunk_hint;
    uint32_t chunks_free, chunks_spare, holes, trim_wanted;   // derived: see Holes.swift
    uint32_t slot_used, slot_free_hint;
    uint32_t running;                    // how many run now: a hint
    uint32_t kicks, unjoined_failure;    // reasons to look, for the supervisor; a failure nobody joined
    uint64_t order;                      // numbers waits
    pl_owner_lock output, input;
    uint64_t input_start, input_end, input_eof;
    uint32_t supervisor_pid;
    uint32_t main_signal;                // SIGTERM, SIGINT or SIGHUP that the main script got
    uint64_t last_move;                  // when a process last moved to another CPU (ticks)
    uint64_t ticks_per_us;               // of `pl_ticks`, for those who look from outside
    uint64_t turns_after, turn_pause;    // until when nobody gives way (ticks), and how long that is (us): hints
    uint32_t report_length;
    uint64_t birth_summary[16];
    uint64_t births[1024];
    uint64_t ended[1024];                // slots whose process has ended; stale bits are possible
    uint64_t kills[1024];                // slots whose process somebody wants killed
    uint64_t user[64];                   // for shared variables and the manager
    uint64_t manager_summary[16];        // the manager's doorbell: slots that have a request
    uint64_t manager_bits[1024];
    uint64_t processes_started;          // in the life of the program
    uint64_t former_sent, former_received;   // messages of processes whose slots were given to others
    uint32_t prompt_rows;                // 1 + rows above the cursor of the prompt on the terminal; 0: none stands
    uint32_t prompt_plain;               // the terminal cannot move its cursor
    int32_t prompt_fd;                   // event: the prompt was erased; 0: the program has none
    uint32_t output_last;                // the last byte written to the terminal
    pthread_mutex_t root_life;           // held by the root as long as it lives
    uint64_t signal_taken;               // when the program began to end by a signal (monotonic ns); 0: it does not
    uint8_t input_buffer[65536];
    uint8_t report[65536];
} pl_header;

_Static_assert(sizeof(pl_slot) == 1024, "slot");
_Static_assert(sizeof(pl_object) == 256, "object");
_Static_assert(sizeof(pthread_mutex_t) != 40 || offsetof(pl_object, capacity) == 64, "cache lines of an object");
_Static_assert(sizeof(pl_end) == 48, "end");
_Static_assert(sizeof(pl_record) == 128, "record");
_Static_assert(sizeof(pl_entry) == 64, "entry");
_Static_assert(sizeof(pl_block) == 32, "block");
_Static_assert(sizeof(pl_chunk) == 192, "chunk");

/// Tells layouts apart, for those who look into the arena of a program that another build of proclang runs. To be
/// counted up where the meaning of a field changes; moved fields it notices by itself.
static inline uint64_t pl_layout(void) {
    const uint64_t parts[] = {
        2, sizeof(pl_header), offsetof(pl_header, regions), offsetof(pl_header, objects), offsetof(pl_header, slot_used),
        offsetof(pl_header, supervisor_pid), offsetof(pl_header, former_sent), offsetof(pl_slot, parent),
        offsetof(pl_slot, wait_gen), offsetof(pl_slot, wait_kind), offsetof(pl_slot, wait_object),
        offsetof(pl_slot, wait_began), offsetof(pl_slot, join_group), offsetof(pl_slot, ends), offsetof(pl_slot, records),
        offsetof(pl_slot, service), offsetof(pl_slot, birth), offsetof(pl_slot, sent), offsetof(pl_slot, name),
        offsetof(pl_slot, start_line), offsetof(pl_object, kind), offsetof(pl_object, capacity),
        offsetof(pl_object, head), offsetof(pl_object, peer), offsetof(pl_object, words), offsetof(pl_object, name),
        offsetof(pl_end, owner), offsetof(pl_end, object), offsetof(pl_end, right), offsetof(pl_record, owner),
        offsetof(pl_record, chain), offsetof(pl_record, object), offsetof(pl_record, active),
        offsetof(pl_record, direction), offsetof(pl_record, message), offsetof(pl_record, sequel), sizeof(pl_block), offsetof(pl_header, ticks_per_us),
    };
    uint64_t hash = 14695981039346656037ull;   // FNV-1a, by words
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) hash = (hash ^ parts[i]) * 1099511628211ull;
    return hash;
}

// MARK: Addressing. The arena is mapped before the first fork, so it has one address in all processes.

typedef struct pl_bases {
    uint8_t *base;
    pl_header *header;
    pl_slot *slots;
    pl_object *objects;
    pl_end *ends;
    pl_record *records;
    pl_chunk *chunks;
    uint8_t *blocks;
    pl_slot *me;                         // the slot of this process
    uint32_t my_index;
    int32_t memfd;
} pl_bases;

enum { PL_FIRST_HOLDS = 32, PL_FIRST_RECORDS = 8, PL_CHOICE_BYTES = 416 };

/// What this process has of one object: entries by right (read, write, hold), and the rights it once had.
typedef struct pl_hold {
    uint32_t object, generation;         // object 0: free
    uint32_t read, write, hold;          // end entries, 0: none
    uint32_t ever;
} pl_hold;

/// The hot private state of this process: here and not in Swift globals, which are checked at each access.
typedef struct pl_private {
    uint64_t random;
    const uint8_t *received;             // the message received last
    uint64_t received_length, received_block;
    uint8_t received_inline[PL_INLINE];
    struct pl_hold *holds;               // open-addressing table of the ends this process has
    uint64_t hold_mask, hold_count;
    uint64_t out_pending;                // bytes in the output buffers
    uint64_t out_since;                  // ticks at which the first of them came
    int32_t kick_fd;
    uint32_t cores;                      // CPUs that this program may run on
    // Wakes that are due, but may wait a moment (Wakes.swift)
    uint32_t urgent;                     // a wake in the pending list is for somebody who can go on at once
    uint32_t deferring;
    int32_t defer_budget;
    uint32_t defers;
    uint32_t attend_left, attend_stride;
    uint64_t attended;
    uint64_t deferred_since, defer_limit;
    uint64_t ticks_per_us;
    // Spinning and placement (Spin.swift)
    int32_t spin_budget;
    uint32_t parks, probe_at, probe_interval;
    uint32_t partner, partner_parks;     // who wakes this process, time after time, on its own CPU; how often
    uint32_t posted, moved;              // the slot woken last (low byte); this process left its partner's CPU
    uint64_t partner_since, move_after, move_pause;
    // Giving way (GiveWay.swift)
    int32_t turn_budget;
    uint32_t turn_waits, turn_probe_at, turn_interval;
    uint64_t turns_after;                // as this process last saw it in the header
    uint32_t ends_version;               // counts changes of `holds`
    uint32_t cleanups;                   // objects that Cleanup has yet to look at
    uint64_t selfref;
    uint32_t *records;                   // the waiter records of this process
    uint32_t record_count, record_room;
    // Where these begin: no allocation, and no page of its own, in a newborn process.
    struct pl_hold first_holds[PL_FIRST_HOLDS];
    uint32_t first_records[PL_FIRST_RECORDS];
    uint64_t choice_room[PL_CHOICE_BYTES / 8];   // the cases of a choice (Choice.swift)
} pl_private;

extern pl_private pl_local;
static inline pl_private *pl_own(void) { return &pl_local; }
static inline pl_hold *pl_first_holds(void) { return pl_local.first_holds; }
static inline uint32_t *pl_first_records(void) { return pl_local.first_records; }
static inline void *pl_choice_room(void) { return pl_local.choice_room; }
static inline uint8_t *pl_received_inline(void) { return pl_local.received_inline; }

extern pl_bases pl_arena;

static inline pl_header *pl_head(void) { return pl_arena.header; }
static inline pl_slot *pl_me(void) { return pl_arena.me; }
static inline uint32_t pl_my_index(void) { return pl_arena.my_index; }
static inline pl_slot *pl_slot_at(uint32_t i) { return pl_arena.slots + i; }
static inline pl_object *pl_object_at(uint32_t i) { return pl_arena.objects + i; }
static inline pl_end *pl_end_at(uint32_t i) { return pl_arena.ends + i; }
static inline pl_record *pl_record_at(uint32_t i) { return pl_arena.records + i; }
static inline pl_chunk *pl_chunk_at(uint32_t i) { return pl_arena.chunks + i; }
static inline pl_pool *pl_object_pool(void) { return &pl_arena.header->objects; }
static inline pl_pool *pl_end_pool(void) { return &pl_arena.header->ends; }
static inline pl_pool *pl_record_pool(void) { return &pl_arena.header->records; }
static inline pl_owner_lock *pl_output_lock(void) { return &pl_arena.header->output; }
static inline pl_owner_lock *pl_input_lock(void) { return &pl_arena.header->input; }
static inline pl_region *pl_region_at(uint32_t i) { return pl_arena.header->regions + i; }
static inline pl_class *pl_class_at(uint32_t i) { return pl_arena.header->classes + i; }
/// A block reference is its offset from the arena's base.
static inline pl_block *pl_block_at(uint64_t ref) { return (pl_block *)(pl_arena.base + ref); }
static inline uint8_t *pl_block_bytes(uint64_t ref) { return pl_arena.base + ref + sizeof(pl_block); }
static inline pl_entry *pl_entry_at(const pl_object *o, uint64_t position) {
    return (pl_entry *)pl_block_bytes(o->ring & ~(uint64_t)63) + (position & (((uint64_t)1 << (o->ring & 63)) - 1));
}
static inline uint32_t *pl_slot_ends(pl_slot *s) { return &s->ends; }
static inline uint32_t *pl_block_ends(pl_block *b) { return &b->ends; }
static inline uint64_t *pl_inflight(pl_slot *s) { return s->inflight; }
static inline uint32_t *pl_pending(pl_slot *s) { return s->pending; }
static inline uint32_t *pl_lockset(pl_slot *s) { return s->lockset; }
static inline uint64_t *pl_slot_user(pl_slot *s) { return s->user; }
static inline uint64_t *pl_words(pl_object *o) { return o->words; }
static inline uint64_t *pl_bitmap(pl_chunk *c) { return c->bitmap; }
static inline uint64_t *pl_header_user(void) { return pl_arena.header->user; }
static inline uint64_t *pl_manager_bits(void) { return pl_arena.header->manager_bits; }
static inline uint64_t *pl_manager_summary(void) { return pl_arena.header->manager_summary; }
static inline uint64_t *pl_ended_bits(void) { return pl_arena.header->ended; }
static inline uint64_t *pl_kill_bits(void) { return pl_arena.header->kills; }
static inline uint64_t *pl_births(void) { return pl_arena.header->births; }
static inline uint64_t *pl_birth_summary(void) { return pl_arena.header->birth_summary; }
static inline uint8_t *pl_record_payload(pl_record *r) { return r->payload; }
static inline uint8_t *pl_entry_payload(pl_entry *e) { return e->payload; }
static inline char *pl_slot_name(pl_slot *s) { return s->name; }
static inline char *pl_object_name(pl_object *o) { return o->name; }
static inline uint8_t *pl_report(void) { return pl_arena.header->report; }
static inline uint8_t *pl_input_buffer(void) { return pl_arena.header->input_buffer; }
static inline uint64_t pl_get_ref(const uint8_t *payload) {
    uint64_t v;
    memcpy(&v, payload, 8);
    return v;
}
/// Copies a payload of up to PL_INLINE bytes; the short ones, which are most, without a call and without touching more.
static inline void pl_copy_inline(uint8_t *to, const uint8_t *from, size_t count) {
    if (count > 16) {
        memcpy(to, from, count);
    } else if (count >= 8) {
        uint64_t first, last;
        memcpy(&first, from, 8);
        memcpy(&last, from + count - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + count - 8, &last, 8);
    } else {
        for (size_t i = 0; i < count; i++) to[i] = from[i];
    }
}
static inline void pl_put_ref(uint8_t *payload, uint64_t v) { memcpy(payload, &v, 8); }

#endif
