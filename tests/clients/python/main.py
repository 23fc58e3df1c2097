"""Plays the scenario of tests/clients against a broker and says, in one line of JSON a step, whether
each ended as it should.

    main.py ADDRESS CERTIFICATES CERTIFICATES-OF-STRANGERS SCENARIO ORDER LANGUAGE
"""
import json
import os
import sys
import uuid

import grpc
from kontor.v1 import (common_pb2, fulfilment_service_pb2_grpc, order_pb2, order_service_pb2,
                       order_service_pb2_grpc, registry_service_pb2,
                       registry_service_pb2_grpc)

import agent as provider
import portal
from connect import connect, refusal_of

STEP_SECONDS = 20


def say(**line):
    print(json.dumps(line), flush=True)


def on_retry(refusal):
    say(retry=refusal.status)


# What messages say --------------------------------------------------------------------

def text(value):
    """A value as proto3 JSON writes it: whole numbers as text."""
    return str(getattr(value, value.WhichOneof("kind")))


def texts(values):
    return {each.id: text(each.value) for each in values}


def made_by(language):
    return [common_pb2.ParameterValue(id="made_by", value=common_pb2.Value(text=language))]


def state(item):
    return {"state": order_pb2.ItemState.Name(item.state)}


def optional(message, name):
    return str(getattr(message, name)) if message.HasField(name) else None


class Watching:
    """A watch and all it saw."""

    def __init__(self, orders, prefix, **more):
        self.steps = portal.watch(orders, prefix, **more)
        self.seen = []
        self.after = None
        self.order = self.item = ""

    def read(self):
        """The next step; False: there is none."""
        step = next(self.steps, None)
        if step is None:
            return False
        self.after = step.after
        for change in step.changes:
            self.seen.append((change.seq, change.kind, change.id, change.op))
            if change.HasField("order"):
                self.order = order_pb2.OrderState.Name(change.order.state)
            if change.HasField("item"):
                self.item = order_pb2.ItemState.Name(change.item.state)
        return True

    @property
    def repeats(self):
        return len(self.seen) - len(set(self.seen))


class Shelf:
    """A backend whose first answers get lost. It would make a second object of one name."""

    def __init__(self, lost_answers):
        self.lost_answers = lost_answers
        self.made = {}
        self.created = self.found = 0

    def find(self, name):
        self.found += name in self.made
        return self.made.get(name)

    def create(self, name):
        self.created += 1
        self.made[name] = "object-" + name
        if self.lost_answers > 0:
            self.lost_answers -= 1
            raise provider.NobodyKnows("the backend did not answer")
        return self.made[name]


class Player:
    """The steps, one method each, and what later ones need of earlier ones."""

    def __init__(self, address, certs, strangers, language):
        self.address = address
        self.language = language
        self.ca = os.path.join(certs, "alpine", "ca.pem")
        self.paths = {"portal": os.path.join(certs, "coast", "portal"),
                      "agent": os.path.join(certs, "alpine", "agent"),
                      "stranger": os.path.join(strangers, "coast", "portal")}
        self.channels = {}
        self.watches = {}
        self.positions = {}
        self.jobs = {}
        self.ids = {}
        self.reports = {}
        self.agent = None

    def channel(self, who):
        if who not in self.channels:
            path = self.paths[who]
            self.channels[who] = connect(self.address, self.ca, path + ".pem", path + ".key")
        return self.channels[who]

    def orders(self, who):
        return order_service_pb2_grpc.OrderServiceStub(self.channel(who))

    # The customer's side

    def whoami(self, who, _):
        registry = registry_service_pb2_grpc.RegistryServiceStub(self.channel(who))
        reply = registry.WhoAmI(registry_service_pb2.WhoAmIRequest(), timeout=STEP_SECONDS)
        return {"registered": reply.is_registered, "principal": reply.principal,
                "roles": [common_pb2.Role.Name(role) for role in reply.roles]}

    def order(self, who, request):
        order = portal.volume_order(
            request["order"], request["item"], request["offer"],
            *(portal.integer(each["id"], int(each["integer"])) for each in request["parameters"]))
        if request.get("seal"):
            with open(self.paths[who] + ".pem", encoding="ascii") as file:
                order.seal_to.append(file.read())
        return order

    def place(self, who, request):
        reply = portal.place(self.orders(who), self.order(who, request))
        return {"replayed": reply.is_replayed,
                "state": order_pb2.OrderState.Name(reply.order.state)}

    def plan(self, who, request):
        order = self.order(who, request)
        order.validate_only = True
        plan = portal.place(self.orders(who), order).plan
        total = plan.totals[0].amount
        return {"provider": plan.items[0].provider, "total": f"{total.units} {total.currency}"}

    def get(self, who, request):
        reply = self.orders(who).GetOrder(
            order_service_pb2.GetOrderRequest(id=request["order"]), timeout=STEP_SECONDS)
        item, = reply.items
        return {"order_state": order_pb2.OrderState.Name(reply.order.state),
                "item_state": order_pb2.ItemState.Name(item.state),
                "parameters": texts(item.parameters), "milestones": list(item.milestones),
                "backend_id": item.delivery.backend_id, "outputs": texts(item.delivery.outputs)}

    def watch(self, who, request):
        self.watches[request["watch"]] = Watching(self.orders(who), request["order"])
        return {}

    def see(self, _, request):
        """Reads on until order and item stand where they should."""
        live = self.watches[request["watch"]]
        while (live.order, live.item) != (request["order_state"], request["item_state"]):
            live.read()
        if "save" in request:
            self.positions[request["save"]] = (live.after, len(live.seen))
        return {"repeats": live.repeats}

    def resume(self, who, request):
        """Watches again from a position that was kept: what comes is what came after it before."""
        after, n = self.positions[request["after"]]
        again = Watching(self.orders(who), request["order"], after=after, follow=False)
        while again.read():
            pass
        live = self.watches[request["watch"]].seen
        missing = set(live[n:]) - set(again.seen)
        old = set(live[:n]) & set(again.seen)
        return {"missing": len(missing), "repeats": again.repeats + len(old),
                "order_state": again.order}

    def question(self, who, request):
        question = portal.open_question(self.orders(who), request["order"])
        limits = question.expects.integer
        return {"question": question.text, "minimum": optional(limits, "minimum"),
                "maximum": optional(limits, "maximum"),
                "default": optional(limits, "default_integer")}

    def answer(self, who, request):
        return state(portal.answer(self.orders(who), request["item"], int(request["answer"])))

    def open(self, who, request):
        path = self.paths[who]
        plain = portal.open_access(self.orders(who), request["item"], path + ".pem", path + ".key")
        return {"access": plain.decode()}

    # The provider's side

    def register(self, who, request):
        jobs = fulfilment_service_pb2_grpc.FulfilmentServiceStub(self.channel(who))
        self.agent = provider.Agent(jobs, request["lease_seconds"], request["offer"],
                                    on_retry=on_retry)
        return {"lease_seconds": self.agent.session.lease_seconds}

    def claim(self, _, request):
        job = self.jobs[request["job"]] = self.agent.claim()
        return {"item": job.item, "kind": order_pb2.JobKind.Name(job.kind),
                "prior_intent": job.prior_intent, "parameters": texts(job.parameters),
                "answers": [text(question.answer) for question in job.questions]}

    def ask(self, _, request):
        return state(self.agent.ask(self.jobs[request["job"]], request["question"],
                                    int(request["minimum"]), int(request["maximum"])))

    def begin(self, _, request):
        return state(self.agent.begin(self.jobs[request["job"]]))

    def renew(self, _, __):
        return {"held": [job.item for job in self.agent.renew().jobs]}

    def report(self, _, request):
        """Says it under a request_id of a name, so that a later step can say it again."""
        name = request["id"]
        request_id = self.ids.setdefault(name, str(uuid.uuid4()))
        words = {key: request[key] for key in ("milestone", "note", "progress") if key in request}
        reply = self.agent.say("Report", self.jobs[request["job"]], request_id=request_id, **words)
        is_same = self.reports.get(name) == reply.seq
        self.reports[name] = reply.seq
        return {"same": is_same}

    def complete(self, _, request):
        job = self.jobs[request["job"]]
        delivery = order_pb2.Delivery(backend_id=request["backend_id"],
                                      outputs=made_by(request["made_by"]))
        if "access" in request:
            delivery.sealed = provider.seal(job, request["access"].encode())
        return state(self.agent.complete(job, delivery))

    def serve(self, _, request):
        backend = Shelf(request["lost_answers"])
        completed = self.agent.serve(backend, request["deliveries"], made_by(self.language))
        return {"created": backend.created, "found": backend.found, "completed": completed}

    def kill(self, _, __):
        """The broker is killed by whoever started this program, and started again when the next
        call has seen that it is away."""
        say(wants="kill")
        sys.stdin.readline()
        return {}

    # Playing

    def run(self, step):
        """One step: in what it differs from what is expected."""
        try:
            got = getattr(self, step["op"])(step["who"], step.get("request", {}))
            got["status"] = "OK"
        except grpc.RpcError as error:
            refusal = refusal_of(error)
            got = {**vars(refusal), "metadata": list(refusal.metadata), "message": error.details()}
        return compare(step["expect"], got)


def compare(expect, got):
    """What is expected and did not come; of the metadata the names are looked for."""
    def is_right(name):
        if name == "metadata":
            return set(expect[name]) <= set(got.get(name, ()))
        return name in got and got[name] == expect[name]

    return [f"{name} is not {expect[name]!r}; all of it: {got}"
            for name in expect if not is_right(name)]


def main(address, certs, strangers, scenario, order, language):
    player = Player(address, certs, strangers, language)
    with open(scenario, encoding="utf-8") as file:
        words = file.read().replace("$order", order).replace("$language", language)
    is_right = True
    for step in json.loads(words)["steps"]:
        differs = player.run(step)
        say(step=step["step"], ok=not differs, differs=differs)
        is_right = is_right and not differs
    for watching in player.watches.values():
        watching.steps.close()
    for channel in player.channels.values():
        channel.close()
    return 0 if is_right else 1


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit("usage: " + __doc__.splitlines()[3].strip())
    sys.exit(main(*sys.argv[1:]))
