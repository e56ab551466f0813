/**
 * Kinds of cluster events, numbered in the order in which those of equal time happen. Workers' own kinds (PASS_END first,
 * BATCH_FORMATION last) frame them; within a kind the order is by worker, then by request.
 */
/** The last byte of a transfer has left (from the network, and first), or has arrived. */
export const TRANSFER_END = 1;
/** KV has come up from the tiers below GPU memory. */
export const ONBOARDED = 2;
/** A worker comes up or goes down. */
export const FLEET_CHANGE = 3;
/** A request goes from one worker to another: its prompt is computed, or pages for it are reserved. */
export const HAND_OVER = 4;
/** A client loses patience, a hand-over takes too long, a replica changes its pace. */
export const ALARM = 5;
/** What a completion brings about: a session's next turn, a closed loop's next session. */
export const FOLLOW_UP = 6;
/** A request comes from outside, or (from the timers, and first) out of the front end. */
export const ARRIVAL = 7;
/** A worker has room for requests that the router holds back. */
export const ROUTER_RELEASE = 8;
/** A node whose replica has drained takes another role. */
export const ROLE_CHANGE = 9;
/** A planner looks at the fleet and decides. */
export const PLANNER_TICK = 10;
