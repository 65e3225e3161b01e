/*
 * The channel and select protocol, for the model checker Spin.
 *
 * What it owns: one operation (send, receive or select of up to two cases) as every process runs it
 * over at most two channels, with the futex, the robust locks and, where KILLS > 0, death between any
 * two stores and its repair. README.md beside this file says what is abstracted and how to run it.
 *
 * What it checks:
 *   1. no lost wake-up: when nothing can move any more, nobody sleeps whose operation could proceed
 *      (Monitor), nobody waits for a lock (Spin's invalid end states);
 *   2. no message is sent, or received, twice; none is lost; nothing is received that was not sent;
 *   3. an operation commits exactly one case if it reports one, and none if it gives up;
 *   4. the baton invariant and the settle invariant at every unlock (baton_holds, settled);
 *   5. no livelock: operations are finite, so any cycle at all is an error (pan compiled with -DNP).
 *
 * A configuration is a set of -D macros:
 *   TOPOLOGY      which processes run which cases (below)
 *   CAP_A, CAP_B  capacities of the two channels, 0 to 2
 *   TWICE         mask of processes that run their operation twice (the others once)
 *   CHAIN         mask of processes whose two cases are two operations, one after the other. A send before a receive may
 *                 be one wait with it
 *   TIMED         mask of processes that wait with a deadline, which may pass at any moment or never
 *   SPURIOUS      number of futex returns without a cause
 *   CANCELS       mask of processes that may be cancelled
 *   KILLS         number of processes killed, each before any of its stores; VICTIMS: mask of those
 *   BREAK_...     one deliberate mistake each; Spin must find every one
 */

#ifndef TOPOLOGY
#define TOPOLOGY 1
#endif
#ifndef CAP_A
#define CAP_A 0
#endif
#ifndef CAP_B
#define CAP_B 0
#endif
#ifndef TWICE
#define TWICE 0
#endif
#ifndef TIMED
#define TIMED 0
#endif
#ifndef SPURIOUS
#define SPURIOUS 0
#endif
#ifndef CANCELS
#define CANCELS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef VICTIMS
#define VICTIMS 15
#endif

#include "topologies.pml"
#include "protocol.pml"
#include "environment.pml"

#if defined(BREAK_CLAIM) || defined(BREAK_PARKED) || defined(BREAK_ALONE)
#define GROUP                                          /* the mistake lies between two steps */
#else
#define GROUP atomic
#endif
#define PROCESS Process
#include "operation.pml"

#if KILLS > 0
#undef GROUP
#undef PROCESS
#define GROUP
#define PROCESS Victim
#include "operation.pml"
#define START(p) if :: VICTIM(p) -> run Victim(p) :: else -> run Process(p) fi
#else
#define START(p) run Process(p)
#endif

#define OFFER_TO(j)   (OWNER(j) != OWNER(i) && OFFER(j, c))
#define SLEEPS(i)     (BIT(asleep & ~dead, OWNER(i)) && BIT(act, i))
#define IN_RING(m)    (fill[0] > 0 && ring[0] == m || fill[0] > 1 && ring[1] == m || \
                       fill[1] > 0 && ring[2] == m || fill[1] > 1 && ring[3] == m)

init {
    byte i, c;
    atomic {
        START(0);
        START(1);
        START(2);
#if NP > 3
        START(3)
#endif
    };

    timeout ->                                         /* nothing can move any more: is that right? */
    d_step {
        i = 0;
        do
        :: i < NP ->
            /* It was completed, and never told, though it does not wait for what follows either. */
            assert(!BIT(asleep & ~dead, i) || claim[i] == WAITING || BIT(quiet, i) && BIT(act, i * 2 + 1));
            i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < 2 * NP ->
            if
            :: SLEEPS(i) ->
                c = CHAN(i);
                assert(!BIT(cancel, OWNER(i)));                /* cancelled, and never told */
                assert(!BIT(RECVS, i) || fill[c] == 0);         /* a message waits for this receiver */
                assert(!BIT(RECVS, i) || SUM(OFFER_TO) == 0);  /* a sender waits for this receiver */
                assert(!BIT(SENDS, i) || fill[c] >= CAP(c))     /* there is space for this sender */
            :: else
            fi;
            i++
        :: else -> break
        od;
        assert(lock[0] == 0 && lock[1] == 0);
        assert(dead == swept);
        i = 1;
        do
        :: i <= 2 * NP + 8 ->
            /* Sent and not received is in the ring; received was sent. */
            assert(BIT(sent, i) == BIT(got, i) || BIT(sent, i) && IN_RING(i));
            i++
        :: else -> break
        od;
        i = 0;
        c = 0
    }
}
