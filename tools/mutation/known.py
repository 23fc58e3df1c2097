"""What has to be known beside the sources: tests, and what nobody can notice."""

ORDERS = ("order_*", "finish", "fulfilment*", "instance*", "lease", "recovery", "session",
          "stock*", "trace", "job*", "calendar", "aggregate", "price", "target", "rule_item",
          "value_edges")

# The tests of a file: those asked first, however long they take, and those asked then.
TESTS = (
    ("server/order/item_state.c", ("item_state",), ORDERS),
    ("server/order/order_service.c", ("roles",), ORDERS + ("table",)),
    ("server/order/fulfilment.c", ("roles",), ORDERS + ("table",)),
    ("server/order/due*", ("due_time", "order_time", "order_end", "order_clock", "order_due"), ()),
    ("server/order/aggregate.*", ("aggregate",), ORDERS),
    ("server/order/job.*", ("job*", "recovery", "fulfilment"), ORDERS),
    ("server/order/instance.c", ("instance*",), ORDERS),
    ("server/order/actions.c", ("order_cell", "order_talk", "instance", "order_access"), ()),
    ("server/order/access.*", ("order_access",), ()),
    ("server/order/calendar.*", ("calendar",), ORDERS),
    ("server/order/fail.c", ("fulfilment", "recovery", "order_task"), ORDERS),
    ("server/order/finish.c", ("finish", "fulfilment"), ORDERS),
    ("server/order/halt.c", ("order_talk", "order_decide"), ORDERS),
    ("server/order/override.c", ("order_decide", "recovery"), ORDERS),
    ("server/order/placed.c", ("order_decide", "order_place"), ORDERS),
    ("server/order/question.c", ("order_limit", "order_talk"), ORDERS),
    ("server/order/reschedule.c", ("due_time",), ORDERS),
    ("server/order/rule_*", ("rule_item",), ORDERS),
    ("server/order/session.*", ("session", "lease", "fulfilment*", "order_limit"), ()),
    ("server/order/keeper.c", ("keeper",), ()),
    ("server/order/message.*", ("order_message", "order_post"), ()),
    ("server/order/*", ("order_limit",), ORDERS),
    ("catalogue/phase.c", ("portfolio",), ("catalogue*", "search")),
    ("catalogue/*", ("onboarding*", "portfolio"), ("catalogue*", "offer*", "parameter")),
    ("server/catalogue/onboarding.c", ("onboarding*",), ("catalogue*",)),
    ("server/catalogue/*", ("catalogue",), ("offer*", "parameter", "search*", "record*")),
    ("server/configuration/certification.c", ("certification",), ("configuration",)),
    ("server/configuration/*", ("configuration",), ("downtime", "trace")),
    ("server/registry/*", ("roles", "principal", "registry"), ("identity*",)),
    ("server/rpc/*", ("roles", "health", "reflection"), ("table", "dispatch", "judge", "server")),
    ("proto/rules_table.c", ("rules*",), ORDERS + ("catalogue*", "offer*", "parameter",
                                                 "configuration", "downtime", "principal",
                                                 "registry", "stream*", "record*", "search")),
)

# Where limits are looked for.
LIMITS = ("server/order/*.[ch]",)

ROOM = "room for what its own file writes there"
UNIT = "a unit of time or a count of the calendar, not a choice of ours"
FORM = "a part of a form that others read or write"
PAGE = "how much is read at a time; what follows is read next"

# Constants that limit nothing: pattern of "file NAME" and why.
NO_LIMIT = {
    "server/order/access.c LONG_FORM": FORM,
    "server/order/access.c SEQUENCE": FORM,
    "server/order/actions.c *": ROOM,
    "server/order/calendar.c DATE_SIZE": ROOM,
    "server/order/calendar.c MINUTE_MS": UNIT,
    "server/order/calendar.c WEEK": UNIT,
    "server/order/calendar.c EPOCH_WEEKDAY": UNIT,
    "server/order/calendar.c ALL_DAYS": UNIT,
    "server/order/calendar.h CALENDAR_DAY_MS": UNIT,
    "server/order/candidate.c PASS_PAGE": PAGE,
    "server/order/due.c MAX_STEPS": ROOM,
    "server/order/due_tick.c *": PAGE,
    "server/order/due_time.c *_MS": UNIT,
    "server/order/edits.h EDITS_MAX": ROOM,
    "server/order/item_state.h ITEM_STATE_COUNT": "the length of the enum",
    "server/order/job.c INTENT_DIGITS": FORM,
    "server/order/lease.c PAGE": PAGE,
    "server/order/loss.c *": PAGE,
    "server/order/*.c ID_DIGITS": FORM,
    "server/order/message.c MAX_ITEM_SCOPE": ROOM,
    "server/order/money.c NANOS": UNIT,
    "server/order/rule_sum.c *": UNIT,
    "server/order/side.c SCOPE_SIZE": ROOM,
    "server/order/stock.c HOUR_MS": UNIT,
    "server/order/stock.c MAX_STOCK": ROOM,
    "server/order/target.c *": UNIT,
}

# Mutations nobody can notice: pattern of the name and why.
ONLY_EXPIRE = "only a step that moves the item reads its reason"
ONLY_ENDANGER = "only a step that endangers reads its level"
EQUIVALENT = {
    "server/order/aggregate.h ORDER_MAX_ITEMS: 64 + 1":
        "the rules of PlaceOrder refuse the 65th item already",
    "server/order/aggregate.c wait_rows[[]AWAITING_APPROVAL~2[]].1: *PROVIDER_STEP -> 0":
        "the step of an item in this state is the broker's or the provider's",
    "server/order/actions.c action_rows*.4: +READER":
        "the machine lets no reader make a move, whatever these rows say",
    "catalogue/phase.c phase_moves*.2: +READER":
        "the row of MoveService refuses a reader, whatever these rows say",
    "catalogue/phase.c phase_moves[[]PHASE_UNSPECIFIED[]]*":
        "the end of the table: nobody's roles end it, and what would follow has none",
    "server/catalogue/onboarding.c onboarding_moves[[]STATE_UNSPECIFIED[]]*":
        "the end of the table: nobody's roles end it, and what would follow has none",
    "catalogue/fact.c fact_provider[[]0~10[]]*":
        "the end of the table: what has no text is not looked at",
    "catalogue/phase.c phase_facts[[]PHASE_UNSPECIFIED[]]*":
        "the end of the table: what has no text is not looked at",
    "catalogue/phase.c phases[[]PHASE_UNSPECIFIED[]].[34]: *":
        "a service without a phase begins in FORTHCOMING before this is asked",
    "server/order/access.c MAX_DIGITS: 3 - 1":
        "in DER form two digits say every length up to ACCESS_MAX_SEALED",
    "server/order/session.h SESSION_MAX_JOBS: 64 + 1":
        "the rules of RegisterAgent let no session have more than 64 hands",
    "server/order/lease.c ROUNDS: * [*] 2":
        "each commit takes one job at least, and no session holds more than 64",
    "server/order/placed.h PLACED_MAX_STEPS: 3 + 1":
        "the fourth step would be that of no name, which the rules of offers refuse",
    "server/order/job.c kinds*ACTION_UNSPECIFIED[]]: *":
        "placing stores an action of every item: ADD where none is given",
    "server/order/job.c effects[[]RECEIVED[]]: *":
        "no move leads there: an item begins so and is routed in the same commit",
    "server/order/job.c effects[[]ASSIGNED[]]: *":
        "only a claim leads there, which takes the job anew whatever became of it",
    "server/order/job.c ending[[]OPERATION_APPROVE[]]: *":
        "what is approved is neither begun nor held then, so no fence counts anyway",
    "server/order/job.c BACKOFF_MAX_DOUBLINGS: 6 + 1":
        "six doublings of the first wait are more than BACKOFF_MAX_MS already",
    "server/order/due.c due_rows*.due_after_validation.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.due_approval_warning.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*_reminder.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.due_start.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.due_untaken.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.due_expected.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.due_assess_end.3: *": ONLY_EXPIRE,
    "server/order/due.c due_rows*.4: 0 -> *": ONLY_ENDANGER,
    "server/order/due.c due_rows[[]RECEIVED[]].due_after_validation.4: *":
        "no item of this broker rests in RECEIVED: it is routed in the commit that places it",
}
