"""A broker with three registries that have secrets from one another.

alpine provides: two providers, compute and library, that need not know each other's customers.
coast orders. hills has nothing to do with either. Every private field bears a word that says
whose it is; KNOWN_TO says who may ever see it.
"""
import json
import os

import grpc

from broker import Broker, Client, Refused
from google.protobuf import json_format
from mint import Mint, text_of
from rights import ROLES

COMPUTE, LIBRARY, SITE = "zqcompute", "zqlibrary", "zqsite"
CUSTOMER, JOB_A, JOB_B = "zqcustomer", "zqjoba", "zqjobb"
ALPINE_ADMIN, COAST_ADMIN = "zqalpineadmin", "zqcoastadmin"
# Of messages: said among the people of a registry, about an item, and to one person.
ALPINE_TALK, COAST_TALK, TALK_A, WHISPER = "zqalpinetalk", "zqcoasttalk", "zqtalka", "zqwhisper"

# Scope strings that may see the word; admins' words need the role as well.
KNOWN_TO = {
    COMPUTE: {"r:alpine", "p:alpine/compute"},
    LIBRARY: {"r:alpine", "p:alpine/library"},
    SITE: {"r:alpine"},
    CUSTOMER: {"r:coast", "j:coast/p1"},
    JOB_A: {"r:alpine", "p:alpine/compute", "r:coast", "j:coast/p1"},
    JOB_B: {"r:alpine", "p:alpine/library", "r:coast", "j:coast/p1"},
    ALPINE_ADMIN: {"r:alpine"},
    COAST_ADMIN: {"r:coast"},
    ALPINE_TALK: {"r:alpine"},
    COAST_TALK: {"r:coast"},
    TALK_A: {"r:alpine", "p:alpine/compute", "r:coast", "j:coast/p1"},
    WHISPER: {"r:coast", "p:alpine/compute"},
}
# Who alone may see a word, whoever else has the scope string.
KNOWN_TO_ONLY = {WHISPER: {"coast-portal", "compute-operator"}}

TRUST = {"alpine": "alpine.example", "coast": "coast.example", "hills": "hills.example"}


def contact(word):
    return {"name": f"{word} person", "email": f"{word}@private.example", "phone": f"{word} 1"}


def service(local, provider, word, **more):
    return {"id": f"alpine/{local}", "provider": f"alpine/{provider}", "name": f"The {local}",
            "phase": "PRODUCTION", "order_type": "ORDER_REQUIRED",
            "webpage": f"https://{local}.example/", "main_contact": contact(word),
            "security_contact_email": f"{word}@security.example",
            "offers": [{"iid": "one", "name": f"One of {local}", "is_internal": True, "settle_seconds": 1,
                        "approval": ["PROVIDER_STEP"],
                        "parameters": [{"id": "word", "label": "Word", "required": True,
                                        "text": {"max_length": 100}}]}], **more}


def item(name, offer, word):
    return {"id": name, "offer": f"alpine/{offer}/one",
            "parameters": [{"id": "word", "value": {"text": word}}]}


def plan(word, url):
    """A data management plan, as JSON, whose contact and one dataset are called like that."""
    identifier = {"identifier": word, "type": "other"}
    part = {"title": word, "data_access": "open", "byte_size": 7, "host": {"title": word, "url": url}}
    return json.dumps({"dmp": {
        "title": word, "language": "eng", "ethical_issues_exist": "no", "created": "2025-01-01T00:00:00Z",
        "modified": "2025-01-01T00:00:00Z", "dmp_id": identifier,
        "contact": {"name": word, "mbox": "somebody@example.org", "contact_id": identifier},
        "dataset": [{"title": word, "personal_data": "no", "sensitive_data": "no", "dataset_id": identifier,
                     "distribution": [part]}]}})


class Town:
    def __init__(self):
        # Many calls in a row are what a test does, not an attack.
        self.broker = Broker("tenants", calls_per_second=1000000).start()
        self.mint = Mint(os.path.join(self.broker.folder, "mint"))
        self.authorities = {r: self.broker.path(r, "ca") for r in ("alpine", "coast")}
        self.authorities["hills"] = self.mint.authority("hills CA")
        self.bundle = text_of(self.authorities["hills"])
        self.clients = {}
        self.scopes = {}
        self.home = self.broker.client("alpine", "admin")
        for registry in ("coast", "hills"):
            self.home.call("RegistryService.CreateRegistry",
                           registry={"id": registry, "name": registry.title(),
                                     "trust_domain": TRUST[registry],
                                     "bundle": text_of(self.authorities[registry])},
                           first_admin=f"spiffe://{TRUST[registry]}/admin/ops")
        self.admins = {"alpine": self.home,
                       **{r: self._client(r, "admin/ops") for r in ("coast", "hills")}}
        self._people()
        self._catalogue()
        self._orders()

    def close(self):
        for client in self.clients.values():
            client.close()
        self.admins["coast"].close()
        self.admins["hills"].close()
        self.broker.close()

    def _client(self, registry, label):
        uri = f"spiffe://{TRUST[registry]}/{label}"
        client = Client(f"localhost:{self.broker.port}",
                        self.mint.client(self.authorities[registry], [uri]),
                        self.authorities["alpine"] + ".pem")
        client._pool, client._services = self.home.pool(), self.home.services()
        return client

    def person(self, name, scope, role, description=""):
        """A principal with one role and one scope string, as alpine/<name>."""
        registry = scope[2:].split("/")[0]
        label = f"{role.lower()}/{name}"
        self.admins[registry].call(
            "RegistryService.CreatePrincipal",
            principal={"id": f"{registry}/{name}", "roles": [role], "scopes": [scope],
                       "identity": f"spiffe://{TRUST[registry]}/{label}",
                       "description": description})
        self.clients[name] = self._client(registry, label)
        self.scopes[name] = (role, scope)
        return self.clients[name]

    def _people(self):
        for registry, word in (("alpine", ALPINE_ADMIN), ("coast", COAST_ADMIN), ("hills", "")):
            for role in ROLES:
                self.person(f"{registry}-{role.lower()}", f"r:{registry}", role, word)
        for provider in ("compute", "library"):
            for role in ("OPERATOR", "AGENT"):
                self.person(f"{provider}-{role.lower()}", f"p:alpine/{provider}", role)
        for project in ("p1", "p2"):
            self.person(f"{project}-portal", f"j:coast/{project}", "PORTAL")

    def _catalogue(self):
        admin = self.clients["alpine-admin"]
        for name, word in (("compute", COMPUTE), ("library", LIBRARY)):
            admin.call("CatalogueService.CreateProvider",
                       provider={"id": f"alpine/{name}", "name": name.title(),
                                 "website": f"https://{name}.example/",
                                 "main_contact": contact(word)})
        for one in (service("lab", "compute", COMPUTE), service("press", "library", LIBRARY),
                    service("hidden", "compute", COMPUTE, phase="FORTHCOMING",
                            name=f"Plans of {COMPUTE}")):
            admin.call("CatalogueService.CreateService", service=one, override_reason="as it stands")
        admin.call("ConfigurationService.CreateOperatorGroup",
                   operator_group={"id": "alpine/ini", "name": "Initiative",
                                   "contacts": [{"role": "general", "contact": contact(SITE)}]})
        admin.call("ConfigurationService.CreateSite",
                   site={"id": "alpine/hall", "short_name": "hall", "contacts": [
                       {"role": "general", "contact": contact(SITE)},
                       {"role": "emergency", "contact": {"phone": f"{SITE} 112"}}]})
        admin.call("ConfigurationService.CreateEndpoint",
                   endpoint={"id": "alpine/e1", "site": "alpine/hall", "host": "e1.example",
                             "type": "lab", "contact": contact(SITE)})
        admin.call("ConfigurationService.CreateGroup",
                   group={"id": "alpine/g1", "name": "Lab", "endpoints": ["alpine/e1"], "contact": contact(SITE)})
        admin.call("ConfigurationService.CreateCapacity",
                   capacity={"id": "alpine/disks", "provider": "alpine/compute", "name": COMPUTE, "unit": "TB",
                             "steps": [{"value": "100"}], "description": COMPUTE})
        admin.call("ConfigurationService.DeclareDowntime",
                   downtime={"id": "alpine/d1", "severity": "OUTAGE", "description": "Cables.",
                             "start_at": "2100-01-01T00:00:00Z", "end_at": "2100-01-02T00:00:00Z",
                             "affected": [{"site": "hall", "host": "e1.example", "type": "lab"}]})

    def _orders(self):
        portal = self.clients["coast-portal"]
        portal.call("OrderService.CreateProject",
                    project={"id": "coast/p1", "name": CUSTOMER, "description": CUSTOMER,
                             "organisation": CUSTOMER, "contact": contact(CUSTOMER)})
        portal.call("OrderService.CreateProject", project={"id": "coast/p2", "name": "Other"})
        portal.call("ConfigurationService.ImportPlan", id="coast/plan1", project="coast/p1",
                    document=plan(CUSTOMER, "https://lab.example"), keep_names=True)
        for order in ("coast/o1", "coast/o2"):
            portal.call("OrderService.PlaceOrder", id=order, project="coast/p1", note=CUSTOMER,
                        on_behalf_of=CUSTOMER,
                        items=[item("a", "lab", JOB_A), item("b", "press", JOB_B)])
        for provider, name, word in (("compute", "a", JOB_A), ("library", "b", JOB_B)):
            self.clients[f"{provider}-operator"].call(
                "OrderService.DecideItem", id=f"coast/o1/{name}", decision="APPROVE", reason=word)
        self.deliver("compute", "lab", JOB_A)
        agent = self.clients["library-agent"]
        self.session = agent.call("FulfilmentService.RegisterAgent",
                                  offers=["alpine/press/one"], lease_seconds=86400)["id"]
        job = agent.call("FulfilmentService.Claim", session=self.session)["jobs"][0]
        self.fence = job["fence"]
        agent.call("FulfilmentService.Begin", item=job["item"], fence=self.fence,
                   intent=job["intent"])
        for words in ({"milestone": JOB_B}, {"note": JOB_B}):
            agent.call("FulfilmentService.Report", item=job["item"], fence=self.fence, **words)

        self._talk()

    def _talk(self):
        about = {"order": "coast/o1"}
        for name, fields in (("alpine-shifter", {"text": ALPINE_TALK, "scope": "INTERNAL"}),
                             ("coast-portal", {"text": COAST_TALK, "scope": "INTERNAL"}),
                             ("compute-agent", {"text": TALK_A, "item": "a"}),
                             ("coast-portal", {"text": WHISPER, "to": "alpine/compute-operator"})):
            self.clients[name].call("OrderService.PostMessage", **about, **fields)

    def deliver(self, provider, offer, word):
        agent = self.clients[f"{provider}-agent"]
        session = agent.call("FulfilmentService.RegisterAgent", offers=[f"alpine/{offer}/one"],
                             lease_seconds=86400)["id"]
        job = agent.call("FulfilmentService.Claim", session=session)["jobs"][0]
        proof = {"item": job["item"], "fence": job["fence"]}
        agent.call("FulfilmentService.Begin", intent=job["intent"], **proof)
        agent.call("FulfilmentService.Report", milestone=word, **proof)
        agent.call("FulfilmentService.Report", note=word, **proof)
        agent.call("FulfilmentService.Complete",
                   delivery={"backend_id": word, "endpoints": ["alpine/e1"],
                             "outputs": [{"id": "url", "value": {"text": word}}]}, **proof)

    def seq(self):
        return int(self.home.call("RegistryService.GetStatus")["seq"])

    def may_know(self, name, word):
        """Whether a person may ever see a word."""
        role, scope = self.scopes[name]
        if name not in KNOWN_TO_ONLY.get(word, {name}):
            return False
        is_admins = word in (ALPINE_ADMIN, COAST_ADMIN)
        return scope in KNOWN_TO[word] and (role == "ADMIN" or not is_admins)


class Answer:
    """All that came back from a call, also as the bytes that came."""

    def __init__(self):
        self.messages, self.raw, self.refused = [], b"", None

    def reason(self):
        return "OK" if self.refused is None else self.refused.reason or self.refused.status


def ask(client, name, fields):
    """A call of any kind to its end."""
    path, question, reply = client._method(name)
    answer = Answer()
    # A unary call and a server stream of one message are the same on the wire.
    stub = client.channel.unary_stream(path)
    call = stub(json_format.ParseDict(fields, question()).SerializeToString(), timeout=10)
    try:
        for one in call:
            answer.raw += one
            answer.messages.append(json_format.MessageToDict(
                reply.FromString(one), preserving_proto_field_name=True))
    except grpc.RpcError as error:
        answer.refused = client._refused(error)
        answer.raw += str(error.details()).encode()
    for _, value in (*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())):
        answer.raw += value if isinstance(value, bytes) else value.encode()
    return answer


__all__ = ["KNOWN_TO", "Answer", "Refused", "Town", "ask", "item", "service"]
