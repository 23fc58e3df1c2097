"""One long conversation with a broker: every service, and much that is refused.

Whatever it chooses it chooses by the player's random numbers, so that two brokers hear the same.
"""
from broker import Broker
from noise import noise
from phrases import (COAST, EVERYBODY, HOME, OPERATOR, PEOPLE, PORTAL, SITES, fresh, pages, past,
                     repeats, word)
from rights import MAY_CALL
from script_orders import fulfilment, orders
from talk import talk
from test_order import example
from town import plan


def trust(p):
    with open(p.broker.path("coast", "ca") + ".pem", encoding="ascii") as file:
        bundle = file.read()
    registry = {"id": "coast", "name": "Coast", "trust_domain": "coast.example", "bundle": bundle}
    admin = Broker.uri("coast", "admin", "ops")
    p.ask(HOME, "RegistryService.CreateRegistry", registry=registry)
    p.ask(HOME, "RegistryService.CreateRegistry", first_admin=admin,
          registry={**registry, "bundle": "none"})
    p.ask(HOME, "RegistryService.CreateRegistry", first_admin=admin, validate_only=True,
          registry=registry)
    repeats(p, HOME, "RegistryService.CreateRegistry", registry=registry, first_admin=admin)
    for registry, role, name, scope in PEOPLE:
        p.ask(f"{registry}/admin", "RegistryService.CreatePrincipal", request_id=fresh(p),
              principal={"id": f"{registry}/{name}", "identity": Broker.uri(registry, role, name),
                         "roles": [role.upper()], "scopes": scope.split()})
    repeats(p, COAST, "RegistryService.CreatePrincipal", principal={
        "id": "coast/extra", "identity": "spiffe://coast.example/extra/*", "roles": ["READER"],
        "description": word(p)})
    p.ask(COAST, "RegistryService.CreatePrincipal", principal={
        "id": "coast/bad", "identity": "spiffe://alpine.example/x", "roles": ["READER"],
        "scopes": ["r:alpine"]})
    for who in EVERYBODY:
        p.ask(who, "RegistryService.WhoAmI")
    repeats(p, HOME, "RegistryService.UpdateRegistry",
            registry={"id": "alpine", "name": word(p), "website": "https://alpine.example/"})
    p.ask(HOME, "RegistryService.UpdateRegistry", expected_revision=1,
          registry={"id": "coast", "name": "Stale"})
    p.ask(HOME, "RegistryService.RotateBundle", id="coast", bundle=bundle * 2)
    p.ask(HOME, "RegistryService.SuspendRegistry", id="alpine", reason="x")
    p.ask(HOME, "RegistryService.SuspendRegistry", id="coast", reason=word(p))
    for method, fields in (("RegistryService.WhoAmI", {}), ("OrderService.ListProjects", {})):
        p.ask(PORTAL, method, **fields)
    p.ask(HOME, "RegistryService.ResumeRegistry", id="coast", request_id=fresh(p))
    p.ask(PORTAL, "OrderService.ListProjects")
    p.ask(COAST, "RegistryService.RevokeCertificate", registry="coast", fingerprint="ab" * 32,
          reason=word(p), request_id=fresh(p))
    p.ask(COAST, "RegistryService.RevokeCertificate", registry="alpine", fingerprint="cd" * 32,
          reason="x")
    p.ask(HOME, "RegistryService.DeletePrincipal", id="alpine/admin")
    repeats(p, COAST, "RegistryService.DeletePrincipal", id="coast/extra")
    pages(p, HOME, "RegistryService.ListPrincipals", 2)
    pages(p, COAST, "RegistryService.ListPrincipals", 3)
    pages(p, HOME, "RegistryService.ListRegistries", 1)
    for name in ("coast/web", "coast/extra", "alpine/agent-1"):
        p.ask(COAST, "RegistryService.GetPrincipal", id=name)


def portfolio(p):
    """A service taken through phases, audited, and compared with what it was."""
    first = p.ask(HOME, "CatalogueService.GetService", id="alpine/s-1")["revision"]
    p.ask(HOME, "CatalogueService.UpdateService", service={"id": "alpine/s-1", "tagline": word(p), "tags": [word(p)]})
    for who in (HOME, COAST):
        p.ask(who, "CatalogueService.DiffService", **{"id": "alpine/s-1", "from": first})
    for phase in ("PRODUCTION", "PENDING", "FORTHCOMING", "DEPRECATED", "DECOMMISSIONED"):
        p.ask(HOME, "CatalogueService.MoveService", id="alpine/s-1", phase=phase)
        p.ask(HOME, "CatalogueService.MoveService", id="alpine/s-1", phase=phase, is_override=True,
              reason="it must be", validate_only=phase == "PENDING")
    p.ask(OPERATOR, "CatalogueService.MoveService", id="alpine/s-2", phase="DEPRECATED", is_override=True)
    for state in ("AUDIT_VALID", "AUDIT_INVALID"):
        p.ask(HOME, "CatalogueService.AuditRecord", service="alpine/s-1", state=state, comment=word(p))
        p.ask(HOME, "CatalogueService.AuditRecord", provider="alpine/compute", state=state)
    p.ask(HOME, "CatalogueService.SampleForAudit", size=5, seed=11)


def bundles(p):
    """Offers that go together: what keeps them apart, and what does not."""
    kit = {"id": "alpine/kit", "provider": "alpine/compute", "name": word(p), "main_offer": "alpine/notebooks/gpu",
           "offers": [{"offer": "alpine/block-storage/standard"}, {"offer": "alpine/none/x", "is_optional": True}],
           "rules": [{"requires": {"offer": "alpine/notebooks/gpu", "needs": "alpine/block-storage/standard"}},
                     {"same_site": {"offers": ["alpine/notebooks/gpu", "alpine/block-storage/standard"]}},
                     {"version_range": {"offer": "alpine/notebooks/gpu", "at_least": "2"}}]}
    for who in (COAST, OPERATOR):
        repeats(p, who, "CatalogueService.CreateBundle", bundle=kit)
    p.ask(OPERATOR, "CatalogueService.CreateBundle", bundle={**kit, "id": "alpine/worse", "offers": kit["offers"] * 2})
    for published in (False, True):
        for who in (COAST, OPERATOR, PORTAL):
            p.ask(who, "CatalogueService.GetBundle", id="alpine/kit")
            p.ask(who, "CatalogueService.CheckBundle", id="alpine/kit")
            pages(p, who, "CatalogueService.ListBundles", 1, provider="alpine/compute")
        p.ask(OPERATOR, "CatalogueService.UpdateBundle", update_mask="isPublished",
              bundle={"id": "alpine/kit", "is_published": published})
    p.ask(PORTAL, "CatalogueService.CheckBundle", bundle={**kit, "rules": []}, offers=["alpine/none/x"])
    past(p, (HOME, PORTAL), "CatalogueService.GetBundle", "alpine/kit")
    p.ask(PORTAL, "OrderService.PlaceOrder", id="coast/of-kit", project="coast/p1", bundle="alpine/kit",
          items=[{"id": "vm", "offer": "alpine/notebooks/gpu"}], validate_only=True)
    for who in (COAST, OPERATOR):
        repeats(p, who, "CatalogueService.DeleteBundle", id="alpine/kit")


def onboarding(p):
    """A provider from its draft to its end, with a service that is judged first."""
    new = {"id": "alpine/young", "name": word(p)}
    service = {"id": "alpine/y-1", "provider": "alpine/young", "name": word(p), "description": word(p),
               "order_type": "ORDER_REQUIRED", "main_contact": {"name": word(p)}}
    keeper = OPERATOR
    for who in (COAST, keeper):
        repeats(p, who, "CatalogueService.CreateProvider", provider=new)
        p.ask(who, "CatalogueService.CreateProvider", provider={**new, "id": "alpine/other"}, skip_template=True)
    p.ask(keeper, "CatalogueService.CreateService", service=service)
    for who in (COAST, keeper, HOME):
        p.ask(who, "CatalogueService.SubmitProvider", id="alpine/young")
        repeats(p, who, "CatalogueService.SubmitProvider", id="alpine/young", is_override=True, reason=word(p))
        p.ask(who, "CatalogueService.ListProviders", waiting_only=True)
    for reason in ("", word(p)):
        p.ask(HOME, "CatalogueService.DecideProvider", id="alpine/young", reason=reason)
    p.ask(HOME, "CatalogueService.DeleteProvider", id="alpine/young", validate_only=True)
    p.ask(HOME, "CatalogueService.SubmitProvider", id="alpine/young", is_override=True, reason=word(p))
    for who in (keeper, HOME):
        repeats(p, who, "CatalogueService.DecideProvider", id="alpine/young", is_approved=True)
    for name in ("alpine/y-1", "alpine/y-2"):
        repeats(p, keeper, "CatalogueService.CreateService", service={**service, "id": name})
        p.ask(keeper, "CatalogueService.MoveService", id=name, phase="PENDING")
    p.ask(keeper, "CatalogueService.MoveService", id="alpine/y-1", phase="PRODUCTION")
    p.ask(HOME, "CatalogueService.ListProviders", waiting_only=True)
    repeats(p, keeper, "CatalogueService.DeleteService", id="alpine/y-2")
    p.ask(keeper, "CatalogueService.DeleteService", id="alpine/y-1")
    repeats(p, HOME, "CatalogueService.DecideTemplate", id="alpine/young", is_approved=True)
    for who in (keeper, HOME):
        p.ask(who, "CatalogueService.SuspendProvider", id="alpine/young", reason=word(p), validate_only=True)
        p.ask(who, "CatalogueService.SuspendProvider", id="alpine/young", reason=word(p))
    p.until(HOME, "CatalogueService.GetProvider", lambda one: not one.is_settling, id="alpine/young")
    p.ask(HOME, "CatalogueService.GetService", id="alpine/y-1")
    p.ask(HOME, "CatalogueService.ResumeProvider", id="alpine/young")
    p.until(HOME, "CatalogueService.GetProvider", lambda one: not one.is_settling, id="alpine/young")
    for call in ("RetireProvider", "ResumeProvider", "RetireProvider"):
        p.ask(HOME, f"CatalogueService.{call}", id="alpine/young", reason=word(p))
        p.until(HOME, "CatalogueService.GetProvider", lambda one: not one.is_settling, id="alpine/young")
    p.ask(COAST, "CatalogueService.GetProvider", id="alpine/young")


def catalogue(p):
    source = example("alpine.json")
    records = [{"provider": one} for one in source["providers"]]
    records += [{"service": one} for one in source["services"]]
    p.ask(HOME, "CatalogueService.Import", records=records, validate_only=True)
    again = fresh(p)
    for _ in range(2):
        p.ask(HOME, "CatalogueService.Import", records=records, request_id=again)
    p.ask(HOME, "CatalogueService.Import", records=records[:1], request_id=again)
    p.ask(HOME, "CatalogueService.Import", records=records)
    records[0]["provider"]["description"] = word(p, 300)
    records += [{"provider": {"id": "coast/theirs", "name": "x"}}, {"service": {"id": "no id"}}, {}]
    p.ask(HOME, "CatalogueService.Import", records=records, provider_fields="name,description")
    p.ask(HOME, "CatalogueService.Import", records=records, provider_fields="nonsense")
    for who in (OPERATOR, HOME):
        repeats(p, who, "CatalogueService.CreateProvider", provider={
            "id": "alpine/more", "name": word(p), "country": "CH"})
    for n in range(5):
        repeats(p, HOME, "CatalogueService.CreateService", override_reason="as it stands", service={
            "id": f"alpine/s-{n}", "provider": "alpine/compute", "name": f"{word(p)} {n}",
            "tags": [word(p) for _ in range(n)], "description": word(p, 40 * n),
            "phase": p.random.choice(("PRODUCTION", "FORTHCOMING", "DEPRECATED"))})
    for who in (OPERATOR, HOME):
        repeats(p, who, "CatalogueService.CreateVocabulary", vocabulary={
            "id": "alpine/CATEGORY", "name": word(p), "terms": [
                {"id": "storage", "name": word(p)}, {"id": "disk", "name": word(p),
                                                     "parent": "storage"}]})
        repeats(p, who, "CatalogueService.CreateVocabulary", vocabulary={
            "id": "alpine/LOST", "name": word(p)})
        p.ask(who, "CatalogueService.UpdateVocabulary", update_mask="terms", vocabulary={
            "id": "alpine/CATEGORY", "terms": [{"id": "a", "name": "b"}, {"id": "a", "name": "c"}]})
    p.ask(HOME, "CatalogueService.UpdateVocabulary", update_mask="name", vocabulary={
        "id": "alpine/CATEGORY", "name": word(p)})
    p.ask(HOME, "CatalogueService.Import", validate_only=True, records=[
        {"vocabulary": {"id": "alpine/SUBCATEGORY", "name": word(p), "parents": "alpine/CATEGORY",
                        "terms": [{"id": "x", "name": "x", "parent": "dusk"}]}},
        {"service": {"id": "alpine/s-terms", "provider": "alpine/compute", "name": word(p),
                     "categories": ["dusk", "storage"]}}])
    for who in (OPERATOR, HOME):
        repeats(p, who, "CatalogueService.DeleteVocabulary", id="alpine/LOST")
    for fields in ({"name": ""}, {"name": "x" * 257}, {"website": "gopher://x"},
                   {"id": "alpine/" + "x" * 300}, {"tags": ["x"] * 65}):
        p.ask(HOME, "CatalogueService.CreateProvider",
              provider={"id": "alpine/bad", "name": "Bad", **fields})
    for mask in ("name", "name,tags", "*", "id", "nonsense", ""):
        p.ask(HOME, "CatalogueService.UpdateProvider", update_mask=mask, request_id=fresh(p),
              provider={"id": "alpine/compute", "name": word(p), "tags": [word(p)]})
    reply = p.ask(HOME, "CatalogueService.GetProvider", id="alpine/compute")
    for revision in (reply["revision"], reply["revision"], "1"):
        p.ask(HOME, "CatalogueService.UpdateProvider", expected_revision=revision,
              provider={"id": "alpine/compute", "abbreviation": word(p)})
    p.ask(HOME, "CatalogueService.UpdateProvider", allow_missing=True,
          provider={"id": "alpine/made", "name": word(p)})
    p.ask(HOME, "CatalogueService.UpdateProvider", provider={"id": "alpine/not", "name": "x"})
    p.ask(HOME, "CatalogueService.UpdateService", update_mask="phase",
          service={"id": "alpine/s-1", "phase": "DECOMMISSIONED"})
    portfolio(p)
    onboarding(p)
    bundles(p)
    # More than some brokers are set to take.
    p.ask(HOME, "CatalogueService.Import", validate_only=True, records=[
        {"provider": {"id": f"alpine/large-{n}", "name": word(p), "description": word(p, 16000)}}
        for n in range(6)])
    for who in (HOME, PORTAL, COAST):
        pages(p, who, "CatalogueService.ListProviders", 2)
        pages(p, who, "CatalogueService.ListVocabularies", 1)
        pages(p, who, "CatalogueService.ListServices", 3, provider="alpine/compute")
        for query in ("", "disk", "notebook gp", word(p, 3)):
            p.ask(who, "CatalogueService.SearchServices", query=query, page_size=2)
        for order in ("BY_NAME", "BY_UPDATED", "BY_TRL"):
            p.ask(who, "CatalogueService.SearchServices", order=order, page_size=3,
                  filters=[{"name": "phase", "values": ["PRODUCTION", "PRE_PRODUCTION"]}])
        p.ask(who, "CatalogueService.SearchServices", query="storaje", filters=[{"name": "none", "values": ["x"]}])
        p.ask(who, "CatalogueService.SearchServices", query="storaje")
        for name in ("alpine/s-1", "alpine/s-3", "alpine/none", "no id"):
            p.ask(who, "CatalogueService.GetService", id=name)
    past(p, (HOME, PORTAL), "CatalogueService.GetProvider", "alpine/compute")
    past(p, (HOME, PORTAL), "CatalogueService.GetVocabulary", "alpine/CATEGORY")
    past(p, (HOME, PORTAL), "CatalogueService.GetService", "alpine/s-1")


def configuration(p):
    source = example("alpine.json")
    records = [{"site": s} for s in source["sites"]] + [{"endpoint": e} for e in
                                                        source["endpoints"]]
    for _ in range(2):
        p.ask(SITES, "ConfigurationService.Import", records=records)
    p.ask(SITES, "ConfigurationService.Import", records=records, site_fields="tier")
    hall = {"id": "alpine/hall", "short_name": "hall", "latitude": 46.5, "longitude": -0.25,
            "contacts": [{"role": "emergency", "contact": {"phone": word(p)}}], "extensions": [{"key": "a", "value": word(p)}]}
    repeats(p, SITES, "ConfigurationService.CreateSite", site=hall)
    p.ask(SITES, "ConfigurationService.CreateSite", site={**hall, "id": "alpine/hall2"})
    p.ask(SITES, "ConfigurationService.CreateSite", site={**hall, "latitude": 91})
    p.ask(SITES, "ConfigurationService.UpdateSite", update_mask="tier,latitude",
          site={"id": "alpine/hall", "tier": word(p), "latitude": -0.0})
    for n in range(4):
        repeats(p, SITES, "ConfigurationService.CreateEndpoint", endpoint={
            "id": f"alpine/e-{n}", "site": "alpine/hall", "host": f"e{n}.example",
            "type": "lab", "description": word(p, 30), "is_production": n % 2 == 0})
        p.ask(SITES, "ConfigurationService.DeclareDowntime", downtime={
            "id": f"alpine/d-{n}", "severity": "OUTAGE", "description": word(p, 20),
            "start_at": f"21{p.random.randint(10, 49)}-01-01T00:00:00Z",
            "end_at": "2200-01-02T00:00:00.5Z",
            "affected": [{"site": "hall", "host": f"e{n}.example", "type": "lab"}]})
    for status, override in (("UNCERTIFIED", False), ("CANDIDATE", False), ("CANDIDATE", True), ("CERTIFIED", True)):
        p.ask("alpine/certifier", "ConfigurationService.MoveCertification", id="alpine/hall", certification=status,
              is_override=override, reason=word(p), request_id=fresh(p))
    p.ask(SITES, "ConfigurationService.MoveCertification", id="alpine/hall", certification="CLOSED", reason="x")
    initiative = {"id": "alpine/ini", "name": "Initiative", "contacts": [{"role": "security", "contact": {"name": word(p)}}]}
    repeats(p, SITES, "ConfigurationService.CreateOperatorGroup", operator_group=initiative)
    p.ask(SITES, "ConfigurationService.CreateOperatorGroup", operator_group={"id": "alpine/ini-2", "name": "initiative"})
    p.ask(SITES, "ConfigurationService.UpdateOperatorGroup", operator_group={"id": "alpine/ini", "description": word(p, 9)})
    p.ask(SITES, "ConfigurationService.UpdateOperatorGroup", operator_group={"id": "alpine/ini", "name": "other"})
    for who in (SITES, PORTAL):
        p.ask(who, "ConfigurationService.GetOperatorGroup", id="alpine/ini")
        p.ask(who, "ConfigurationService.ListOperatorGroups", page_size=1)
    p.ask(SITES, "ConfigurationService.DeleteOperatorGroup", id="alpine/ini")
    group = {"id": "alpine/g-1", "name": word(p), "endpoints": ["alpine/e-1"], "sites": ["alpine/hall"]}
    repeats(p, SITES, "ConfigurationService.CreateGroup", group=group)
    p.ask(SITES, "ConfigurationService.CreateGroup", group={**group, "id": "alpine/g-2", "name": "b", "groups": ["alpine/g-1"]})
    reports = [{"host": f"e{n}.example", "type": "lab", "component": word(p), "version": f"1.{n}"} for n in range(3)]
    repeats(p, "alpine/monitor", "ConfigurationService.ReportVersions", reports=reports, source="svmon")
    p.ask("alpine/monitor", "ConfigurationService.ReportVersions", reports=[{"host": "x", "type": "y"}])
    p.ask(PORTAL, "ConfigurationService.ListVersions", page_size=2)
    p.ask(SITES, "ConfigurationService.ListVersions", endpoint="alpine/e-1", drift_only=True)
    p.ask(SITES, "ConfigurationService.UpdateGroup", group={"id": "alpine/g-1", "groups": ["alpine/g-2"]})
    p.ask(SITES, "ConfigurationService.ListGroups", page_size=1)
    p.ask(PORTAL, "ConfigurationService.GetGroup", id="alpine/g-1")
    p.ask(SITES, "ConfigurationService.UpdateGroup", group={"id": "alpine/g-2", "description": word(p, 20)})
    for told in ({"site": "hall", "host": "E1.example", "type": "lab", "fields": [{"key": "is_production", "value": "true"}]},
                 {"host": "e2.example", "type": "lab", "component": "x", "fields": [{"key": "version", "value": "9"}]},
                 {"host": "e2.example", "type": "none"}, {"host": "x", "type": "x", "fields": [{"key": "none"}]}):
        p.ask(SITES, "ConfigurationService.Reconcile", endpoints=[told], is_whole=True, source="svmon")
    disks = {"id": "alpine/disks", "provider": "alpine/compute", "name": word(p), "unit": "TB", "steps": [{"value": "7.5"}]}
    repeats(p, OPERATOR, "ConfigurationService.CreateCapacity", capacity=disks)
    p.ask(OPERATOR, "ConfigurationService.CreateCapacity", capacity={**disks, "id": "alpine/none", "provider": "alpine/none"})
    for steps in ([{"value": "8"}, {"value": "9", "from": "2120-01-01T00:00:00Z"}], [{"value": "-1"}], []):
        p.ask(OPERATOR, "ConfigurationService.UpdateCapacity", update_mask="steps", capacity={"id": "alpine/disks", "steps": steps})
    for who in (OPERATOR, PORTAL):
        pages(p, who, "ConfigurationService.ListCapacities", 1)
        p.ask(who, "ConfigurationService.GetCapacity", id="alpine/disks")
        p.ask(who, "ConfigurationService.ListAllocations", capacity="alpine/disks", requested=True)
    p.ask(SITES, "ConfigurationService.CreateSite", site={"id": "alpine/shed", "short_name": "shed"})
    for who in (SITES, PORTAL, OPERATOR):
        for kind, name in (("downtime", "d-1"), ("site", "hall"), ("endpoint", "e-1"), ("group", "g-2"), ("group", "none")):
            p.ask(who, "ConfigurationService.Impact", **{kind: f"alpine/{name}", "until": "2300-01-01T00:00:00Z"})
    p.ask(SITES, "ConfigurationService.Impact", version={"component": "lab", "version": "1.1"})
    for kind, name in (("Group", "g-1"), ("Group", "none"), ("Site", "hall"), ("Site", "shed"), ("Endpoint", "e-3")):
        p.ask(SITES, f"ConfigurationService.Delete{kind}", id=f"alpine/{name}")
    p.ask(SITES, "ConfigurationService.ListCertificationChanges", site="alpine/hall")
    for mask in ("description", "*", "site,host"):
        p.ask(SITES, "ConfigurationService.UpdateEndpoint", update_mask=mask, request_id=fresh(p),
              endpoint={"id": "alpine/e-1", "site": "alpine/hall", "host": "e1.example",
                        "type": "lab", "description": word(p)})
    p.ask(SITES, "ConfigurationService.CreateEndpoint",
          endpoint={"id": "alpine/e-9", "site": "alpine/none", "host": "x", "type": "x"})
    p.ask(SITES, "ConfigurationService.DeclareDowntime", downtime={
        "id": "alpine/d-9", "severity": "WARNING", "description": "x",
        "start_at": "2100-01-02T00:00:00Z", "end_at": "2100-01-01T00:00:00Z", "affected": [{}]})
    p.ask(SITES, "ConfigurationService.ReviseDowntime", update_mask="description,endAt",
          downtime={"id": "alpine/d-1", "description": word(p), "end_at": "2150-01-01T00:00:00Z"})
    p.ask(SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2")
    repeats(p, SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2", reason=word(p))
    p.ask(SITES, "ConfigurationService.CancelDowntime", id="alpine/d-2", reason="again")
    for who in (SITES, PORTAL):
        pages(p, who, "ConfigurationService.ListSites", 1)
        pages(p, who, "ConfigurationService.ListEndpoints", 2, site="alpine/hall")
        pages(p, who, "ConfigurationService.ListDowntimes", 2, ends_after="2120-01-01T00:00:00Z")
        for kind, name in (("Site", "hall"), ("Endpoint", "e-1"), ("Downtime", "d-2")):
            p.ask(who, f"ConfigurationService.Get{kind}", id=f"alpine/{name}")
    past(p, (SITES, PORTAL), "ConfigurationService.GetDowntime", "alpine/d-1")


def projects(p):
    for n in range(1, 4):
        repeats(p, PORTAL, "OrderService.CreateProject", project={
            "id": f"coast/p{n}", "name": f"{word(p)} {n}", "contact": {"name": word(p)}})
    p.ask(PORTAL, "OrderService.CreateProject", project={"id": "alpine/p1", "name": "x"})
    p.ask(PORTAL, "OrderService.CreateProject", project={"id": "coast/px", "country": "XXX"})
    p.ask(PORTAL, "OrderService.UpdateProject", project={"id": "coast/p3", "is_archived": True})
    p.ask(PORTAL, "OrderService.UpdateProject", update_mask="*",
          project={"id": "coast/p2", "name": word(p)})
    for who in (PORTAL, "coast/shifter", "alpine/shifter"):
        pages(p, who, "OrderService.ListProjects", 1)
        p.ask(who, "OrderService.GetProject", id="coast/p2")
    past(p, (PORTAL, "coast/shifter"), "OrderService.GetProject", "coast/p2")


def plans(p):
    mine = {"id": "coast/plan-1", "project": "coast/p1"}
    text = plan(word(p), "https://block-storage.example")
    p.ask(PORTAL, "ConfigurationService.ImportPlan", **mine, document=text, validate_only=True)
    repeats(p, PORTAL, "ConfigurationService.ImportPlan", **mine, document=text)
    for more in ({"document": text}, {"document": text, "version": "1.0"}, {"document": text.replace("eng", "english")},
                 {"document": text.replace("eng", "x"), "validate_only": True}, {"document": "{"},
                 {"document": text.replace("2025", "2024")}, {"document": text, "project": "coast/p2"},
                 {"document": text, "keep_names": True}, {"document": text, "expected_revision": 1}):
        p.ask(PORTAL, "ConfigurationService.ImportPlan", **{**mine, **more})
    for who in (PORTAL, "coast/shifter", "alpine/shifter"):
        pages(p, who, "ConfigurationService.ListPlans", 1, project="coast/p1")
        p.ask(who, "ConfigurationService.ProposeOrder", id="coast/plan-1", order="coast/o-plan")
        p.ask(who, "ConfigurationService.WriteBackPlan", id="coast/plan-1")
    p.ask(PORTAL, "ConfigurationService.ProposeOrder", id="coast/plan-1", project="coast/p2",
          choices=[{"item": "x", "offer": "alpine/lab/one"}])
    p.ask(PORTAL, "ConfigurationService.WriteBackPlan", id="coast/plan-1", order="coast/o-1")
    past(p, (PORTAL, "coast/shifter"), "ConfigurationService.GetPlan", "coast/plan-1")


def watches(p):
    for who, method, prefix in (
            (PORTAL, "OrderService.WatchOrders", "coast/o-1"),
            (OPERATOR, "OrderService.WatchOrders", "coast"),
            ("coast/shifter", "OrderService.WatchOrders", ""),
            (HOME, "CatalogueService.Watch", ""), (PORTAL, "CatalogueService.Watch", "alpine/s-1"),
            (SITES, "ConfigurationService.Watch", ""),
            (PORTAL, "ConfigurationService.Watch", "alpine/d-1")):
        for seq in (0, p.random.randint(1, p.seq), p.seq, p.seq + 1):
            p.ask(who, method, after={"seq": str(seq)}, id_prefix=prefix)
        p.ask(who, method, after={"seq": "0", "scope_tag": "other"})
        p.ask(who, method, kinds=["nonsense"])
    p.ask(PORTAL, "OrderService.WatchOrders", after={"seq": "0"}, kinds=["item"])
    for who in (HOME, PORTAL, COAST):
        for method in ("CatalogueService.Export", "ConfigurationService.Export"):
            p.ask(who, method)
            p.ask(who, method, id_prefix="alpine/s-1")
            p.ask(who, method, kinds=["service"])
    for after in (0, p.random.randint(1, p.seq), p.seq, p.seq + 1):
        p.ask(HOME, "RegistryService.ReadLog", after=str(after))
    p.ask(HOME, "RegistryService.GetStatus")
    p.ask("alpine/monitor", "RegistryService.GetStatus")
    p.ask("alpine/monitor", "RegistryService.AcceptClock")


def strangers(p):
    """Everybody calls everything with nothing in it, and with what is another's."""
    for method in sorted(MAY_CALL):
        for who in EVERYBODY:
            p.ask(who, method)
    theirs = (("OrderService.GetOrder", {"id": "coast/o-1"}),
              ("OrderService.CancelOrder", {"id": "coast/o-1"}),
              ("OrderService.UpdateProject", {"project": {"id": "coast/p1", "name": "x"}}),
              ("CatalogueService.UpdateProvider", {"provider": {"id": "alpine/compute",
                                                                "name": "x"}}),
              ("ConfigurationService.UpdateSite", {"site": {"id": "alpine/hall", "tier": "x"}}),
              ("RegistryService.GetRegistry", {"id": "coast"}),
              ("RegistryService.GetRegistry", {"id": "alpine"}))
    for method, fields in theirs:
        for who in EVERYBODY:
            p.ask(who, method, validate_only=True, **fields) if "Get" not in method \
                else p.ask(who, method, **fields)
    for _ in range(20):
        raw = bytes(p.random.getrandbits(8) for _ in range(p.random.randint(1, 40)))
        p.bytes(HOME, p.random.choice(p.schema.methods()), raw)


CHAPTERS = (trust, catalogue, configuration, projects, orders, fulfilment, plans, talk, watches,
            strangers, noise)


def play(p, chapters=CHAPTERS):
    """All of it; streams that were opened at the beginning hear it to the end."""
    p.seq = 1
    for chapter in chapters:
        p.chapter = chapter.__name__
        if chapter is catalogue:
            p.follow(HOME, "CatalogueService.Watch", after={"seq": "0"})
            p.follow(PORTAL, "OrderService.WatchOrders", after={"seq": "0"})
            p.follow(HOME, "RegistryService.ReadLog")
        chapter(p)
    p.chapter = "end"
    ends = []
    for who, method, fields in (
            (HOME, "CatalogueService.UpdateProvider",
             {"provider": {"id": "alpine/compute", "logo": word(p)}}),
            (PORTAL, "OrderService.UpdateProject",
             {"project": {"id": "coast/p1", "description": word(p)}}),
            (HOME, "RegistryService.UpdateRegistry",
             {"registry": {"id": "alpine", "name": word(p)}})):
        ends.append(int(p.ask(who, method, **fields)["revision"]))
    p.unfollow(ends)
    return p.steps
