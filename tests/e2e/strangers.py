"""What somebody of the registry hills gets who tries each method on what is there of others.

Written by hand from the design: a record one does not take part in is NOT_FOUND, as if it
were not there; a published one is seen and not changed; ids are made in one's own registry
only; lists are empty. Each case is fields of the request and one of the words below.
"""
PUBLIC = "OK"                      # Answered; the sweep sees to it that no private word is in it.
EMPTY = "EMPTY"                    # Answered with nothing of others in it.
UNKNOWN = "NOT_FOUND"              # As if it were not there.
NOT_MINE = "NOT_OWNER"             # It is seen, but not changed.
ELSEWHERE = "OTHER_REGISTRY"       # The id is another registry's.
FIELDS = "FIELDS_INVALID"          # A field names what the caller may not name.
REFUSED = "REFUSED"                # A batch: the record is refused.
HOME_ONLY = "ROLE_MISSING"         # Nobody but the admin of home.

WATCH = {"after": {"seq": "0"}, "follow": False}
WHEN = {"start_at": "2100-01-01T00:00:00Z", "end_at": "2100-01-02T00:00:00Z"}
DOWNTIME = {"severity": "OUTAGE", "description": "x", **WHEN,
            "affected": [{"site": "hall", "host": "e1.example", "type": "lab"}]}
CAPACITY = {"provider": "alpine/compute", "name": "x", "unit": "TB", "steps": [{"value": "1"}]}
NEW_ORDER = [{"id": "a", "offer": "alpine/lab/one",
              "parameters": [{"id": "word", "value": {"text": "x"}}]}]


def cases(town):
    """Cases by method; the town says which session and fence there are."""
    proof = {"item": "coast/o1/b", "fence": str(town.fence)}
    past = {"as_of": {"seq": str(town.seq())}}

    def project(name, **more):
        return {"project": {"id": name, "name": "x"}, **more}

    return {
        "CatalogueService.CreateVocabulary": [
            ({"vocabulary": {"id": "alpine/TRL", "name": "x"}}, ELSEWHERE)],
        "CatalogueService.GetVocabulary": [({"id": "alpine/none"}, UNKNOWN)],
        "CatalogueService.ListVocabularies": [({}, PUBLIC)],
        "CatalogueService.UpdateVocabulary": [
            ({"vocabulary": {"id": "alpine/TRL", "name": "x"}, "allow_missing": True}, ELSEWHERE)],
        "CatalogueService.DeleteVocabulary": [({"id": "alpine/TRL"}, UNKNOWN)],
        "CatalogueService.CreateProvider": [
            ({"provider": {"id": "alpine/compute", "name": "x"}}, ELSEWHERE),
            ({"provider": {"id": "alpine/new", "name": "x"}}, ELSEWHERE)],
        "CatalogueService.GetProvider": [({"id": "alpine/compute"}, PUBLIC),
                                         ({"id": "alpine/none"}, UNKNOWN)],
        "CatalogueService.ListProviders": [({}, PUBLIC)],
        "CatalogueService.UpdateProvider": [
            ({"provider": {"id": "alpine/compute", "name": "x"}}, ELSEWHERE),
            ({"provider": {"id": "alpine/new", "name": "x"}, "allow_missing": True}, ELSEWHERE)],
        "CatalogueService.DeleteProvider": [({"id": "alpine/compute"}, NOT_MINE),
                                            ({"id": "alpine/none"}, UNKNOWN)],
        "CatalogueService.SubmitProvider": [({"id": "alpine/compute"}, NOT_MINE)],
        "CatalogueService.DecideProvider": [({"id": "alpine/compute", "is_approved": True}, NOT_MINE),
                                            ({"id": "alpine/none"}, UNKNOWN)],
        "CatalogueService.DecideTemplate": [({"id": "alpine/compute", "is_approved": True}, NOT_MINE)],
        "CatalogueService.SuspendProvider": [({"id": "alpine/compute", "reason": "x"}, NOT_MINE)],
        "CatalogueService.ResumeProvider": [({"id": "alpine/compute"}, NOT_MINE)],
        "CatalogueService.RetireProvider": [({"id": "alpine/compute", "reason": "x"}, NOT_MINE)],
        "CatalogueService.CreateService": [
            ({"service": {"id": "alpine/lab", "provider": "alpine/compute", "name": "x",
                          "phase": "PRODUCTION"}}, ELSEWHERE),
            ({"service": {"id": "alpine/hidden", "provider": "alpine/compute", "name": "x",
                          "phase": "PRODUCTION"}}, ELSEWHERE),
            ({"service": {"id": "hills/lab", "provider": "alpine/compute", "name": "x",
                          "phase": "PRODUCTION"}}, FIELDS)],
        "CatalogueService.GetService": [({"id": "alpine/lab"}, PUBLIC),
                                        ({"id": "alpine/hidden"}, UNKNOWN),
                                        ({"id": "alpine/hidden", **past}, UNKNOWN)],
        "CatalogueService.ListServices": [({}, PUBLIC), ({"provider": "alpine/compute"}, PUBLIC),
                                          (past, PUBLIC)],
        "CatalogueService.UpdateService": [
            ({"service": {"id": "alpine/lab", "name": "x"}}, ELSEWHERE),
            ({"service": {"id": "alpine/hidden", "name": "x"}}, ELSEWHERE),
            ({"service": {"id": "alpine/hidden", "provider": "alpine/compute", "name": "x",
                          "phase": "PRODUCTION"}, "allow_missing": True}, ELSEWHERE)],
        "CatalogueService.DeleteService": [({"id": "alpine/lab"}, NOT_MINE),
                                           ({"id": "alpine/hidden"}, UNKNOWN)],
        "CatalogueService.CreateBundle": [
            ({"bundle": {"id": "alpine/kit", "provider": "alpine/compute", "name": "x", "main_offer": "alpine/lab/a",
                         "offers": [{"offer": "alpine/lab/b"}]}}, ELSEWHERE)],
        "CatalogueService.GetBundle": [({"id": "alpine/kit"}, UNKNOWN)],
        "CatalogueService.ListBundles": [({}, PUBLIC), ({"provider": "alpine/compute"}, PUBLIC)],
        "CatalogueService.UpdateBundle": [
            ({"bundle": {"id": "alpine/kit", "provider": "alpine/compute", "name": "x", "main_offer": "alpine/lab/a",
                         "offers": [{"offer": "alpine/lab/b"}]}, "allow_missing": True}, ELSEWHERE)],
        "CatalogueService.DeleteBundle": [({"id": "alpine/kit"}, UNKNOWN)],
        "CatalogueService.CheckBundle": [({"id": "alpine/kit"}, UNKNOWN)],
        "CatalogueService.DiffService": [({"id": "alpine/lab", "from": "1000000"}, "AHEAD"),
                                         ({"id": "alpine/lab", "from": str(town.seq())}, PUBLIC),
                                         ({"id": "alpine/hidden", "from": str(town.seq())}, UNKNOWN)],
        "CatalogueService.MoveService": [({"id": "alpine/lab", "phase": "DEPRECATED"}, NOT_MINE),
                                         ({"id": "alpine/lab", "phase": "PRODUCTION"}, NOT_MINE),
                                         ({"id": "alpine/hidden", "phase": "PENDING"}, UNKNOWN)],
        "CatalogueService.AuditRecord": [
            ({"service": "alpine/lab", "state": "AUDIT_VALID"}, NOT_MINE),
            ({"provider": "alpine/compute", "state": "AUDIT_VALID"}, NOT_MINE),
            ({"service": "alpine/hidden", "state": "AUDIT_VALID"}, UNKNOWN)],
        "CatalogueService.SampleForAudit": [({"seed": "1"}, EMPTY)],
        "CatalogueService.SearchServices": [({}, PUBLIC), ({"query": "zqcompute"}, EMPTY),
                                            ({"query": "plans"}, EMPTY)],
        "CatalogueService.Import": [
            ({"records": [{"provider": {"id": "alpine/compute", "name": "x"}}]}, REFUSED),
            ({"records": [{"service": {"id": "alpine/hidden", "name": "x", "phase": "PRODUCTION",
                                       "provider": "alpine/compute"}}]}, REFUSED)],
        "CatalogueService.Export": [({}, PUBLIC), ({"kinds": ["order"]}, FIELDS)],
        "CatalogueService.Watch": [(WATCH, PUBLIC),
                                   ({**WATCH, "id_prefix": "alpine/hidden"}, EMPTY)],
        "OrderService.CreateProject": [(project("coast/p1"), ELSEWHERE),
                                       (project("coast/p9"), ELSEWHERE)],
        "OrderService.GetProject": [({"id": "coast/p1"}, UNKNOWN),
                                    ({"id": "coast/p1", **past}, UNKNOWN)],
        "OrderService.ListProjects": [({}, EMPTY), (past, EMPTY)],
        "OrderService.UpdateProject": [(project("coast/p1"), ELSEWHERE)],
        "OrderService.PlaceOrder": [
            ({"id": "coast/o1", "project": "coast/p1", "items": NEW_ORDER}, ELSEWHERE),
            ({"id": "coast/o9", "project": "coast/p1", "items": NEW_ORDER}, ELSEWHERE),
            ({"id": "coast/o9", "project": "coast/p1", "items": NEW_ORDER,
              "validate_only": True}, ELSEWHERE),
            ({"id": "hills/o1", "project": "coast/p1", "items": NEW_ORDER}, UNKNOWN)],
        "OrderService.GetOrder": [({"id": "coast/o1"}, UNKNOWN),
                                  ({"id": "coast/o1", **past}, UNKNOWN)],
        "OrderService.ListOrders": [({}, EMPTY), ({"project": "coast/p1"}, EMPTY), (past, EMPTY)],
        "OrderService.ListItems": [({}, EMPTY), ({"offer": "alpine/lab/one"}, EMPTY)],
        "OrderService.WatchOrders": [(WATCH, EMPTY), ({**WATCH, "id_prefix": "coast/o1"}, EMPTY)],
        "OrderService.CancelOrder": [({"id": "coast/o1"}, UNKNOWN),
                                     ({"id": "coast/o2", "items": ["a"]}, UNKNOWN)],
        "OrderService.DecideItem": [({"id": "coast/o2/a", "decision": "APPROVE"}, UNKNOWN),
                                    ({"id": "coast/o2/a", "decision": "REJECT", "reason": "x"},
                                     UNKNOWN)],
        "OrderService.AskCustomer": [({"id": "coast/o2/a", "question": "x"}, UNKNOWN)],
        "OrderService.AnswerQuestion": [({"id": "coast/o2/a", "answer": {"text": "x"}}, UNKNOWN),
                                        ({"id": "coast/o2/a", "is_withdrawn": True}, UNKNOWN)],
        "OrderService.HoldItem": [({"id": "coast/o2/a", "cause": "SHORTAGE", "reason": "x"},
                                   UNKNOWN)],
        "OrderService.DecideCancel": [({"id": "coast/o1/b", "decision": "ACCEPT"}, UNKNOWN)],
        "OrderService.RescheduleItem": [({"id": "coast/o2/a"}, UNKNOWN)],
        "OrderService.GetStock": [({"offer": "alpine/hidden/one"}, UNKNOWN),
                                  ({"offer": "alpine/lab/one"}, UNKNOWN)],
        "OrderService.GetInstance": [({"id": "coast/o1/a"}, UNKNOWN)],
        "OrderService.ListInstances": [({}, EMPTY)],
        "OrderService.AllowedActions": [({"id": "coast/o2"}, UNKNOWN),
                                        ({"id": "coast/o2/a"}, UNKNOWN)],
        "OrderService.ResumeItem": [({"id": "coast/o2/a"}, UNKNOWN)],
        "OrderService.OverrideItem": [({"id": "coast/o1/b", "override": "FAIL", "reason": "x"},
                                       UNKNOWN)],
        "OrderService.OpenAccess": [({"id": "coast/o1/a"}, UNKNOWN)],
        "OrderService.PostMessage": [
            ({"order": "coast/o1", "text": "x"}, UNKNOWN),
            ({"order": "coast/o1", "item": "a", "text": "x"}, UNKNOWN),
            ({"order": "coast/o1", "text": "x", "scope": "INTERNAL"}, UNKNOWN),
            ({"order": "coast/o1", "text": "x", "to": "coast/coast-portal"}, UNKNOWN),
            ({"order": "coast/o1", "text": "x", "validate_only": True}, UNKNOWN)],
        "OrderService.ListMessages": [({"order": "coast/o1"}, EMPTY),
                                      ({"order": "coast/o1", **past}, EMPTY),
                                      ({"order": "coast/none"}, EMPTY)],
        "OrderService.GiveOpinion": [
            ({"order": "coast/o1", "order_rating": 5, "services": [{"service": "alpine/lab", "rating": 5}]}, UNKNOWN)],
        "OrderService.ListOpinions": [({}, EMPTY), ({"service": "alpine/lab"}, EMPTY)],
        "OrderService.ObserveOffer": [({"id": "coast/w-1", "offer": "alpine/lab/one"}, ELSEWHERE),
                                      ({"id": "hills/w-1", "offer": "alpine/hidden/one"}, UNKNOWN)],
        "OrderService.ListObservations": [({}, EMPTY)],
        "OrderService.DeleteObservation": [({"id": "coast/w-1"}, UNKNOWN)],
        "FulfilmentService.RegisterAgent": [({"offers": ["alpine/lab/one"]}, NOT_MINE),
                                            ({"offers": ["alpine/hidden/one"]}, UNKNOWN)],
        "FulfilmentService.Claim": [({"session": town.session}, UNKNOWN)],
        "FulfilmentService.Begin": [({**proof, "intent": "x"}, UNKNOWN)],
        "FulfilmentService.Renew": [({"session": town.session}, UNKNOWN)],
        "FulfilmentService.Report": [({**proof, "note": "x"}, UNKNOWN)],
        "FulfilmentService.Complete": [({**proof, "delivery": {"backend_id": "x"}}, UNKNOWN)],
        "FulfilmentService.Fail": [({**proof, "failure": "PERMANENT", "reason": "x"}, UNKNOWN)],
        "FulfilmentService.Release": [(proof, UNKNOWN)],
        "FulfilmentService.Hold": [({**proof, "cause": "SHORTAGE", "reason": "x"}, UNKNOWN)],
        "FulfilmentService.AskInfo": [({**proof, "question": "x"}, UNKNOWN)],
        "FulfilmentService.ListAgents": [({}, EMPTY)],
        "ConfigurationService.CreateSite": [
            ({"site": {"id": "alpine/hall", "short_name": "x"}}, ELSEWHERE),
            ({"site": {"id": "alpine/new", "short_name": "x"}}, ELSEWHERE)],
        "ConfigurationService.GetSite": [({"id": "alpine/hall"}, PUBLIC)],
        "ConfigurationService.ListSites": [({}, PUBLIC)],
        "ConfigurationService.UpdateSite": [
            ({"site": {"id": "alpine/hall", "tier": "x"}}, ELSEWHERE)],
        "ConfigurationService.DeleteSite": [({"id": "alpine/hall"}, NOT_MINE)],
        "ConfigurationService.MoveCertification": [
            ({"id": "alpine/hall", "certification": "UNCERTIFIED", "reason": "x"}, NOT_MINE)],
        "ConfigurationService.ListCertificationChanges": [({}, PUBLIC), ({"site": "alpine/hall"}, PUBLIC)],
        "ConfigurationService.CreateEndpoint": [
            ({"endpoint": {"id": "alpine/e9", "site": "alpine/hall", "host": "x", "type": "x"}},
             ELSEWHERE),
            ({"endpoint": {"id": "hills/e1", "site": "alpine/hall", "host": "x", "type": "x"}},
             FIELDS)],
        "ConfigurationService.GetEndpoint": [({"id": "alpine/e1"}, PUBLIC)],
        "ConfigurationService.ListEndpoints": [({}, PUBLIC), ({"site": "alpine/hall"}, PUBLIC)],
        "ConfigurationService.UpdateEndpoint": [
            ({"endpoint": {"id": "alpine/e1", "url": "https://x.example/"}}, ELSEWHERE)],
        "ConfigurationService.DeleteEndpoint": [({"id": "alpine/e1"}, NOT_MINE)],
        "ConfigurationService.CreateOperatorGroup": [({"operator_group": {"id": "alpine/i9", "name": "x"}}, ELSEWHERE)],
        "ConfigurationService.GetOperatorGroup": [({"id": "alpine/ini"}, PUBLIC)],
        "ConfigurationService.ListOperatorGroups": [({}, PUBLIC)],
        "ConfigurationService.UpdateOperatorGroup": [
            ({"operator_group": {"id": "alpine/ini", "description": "x"}}, ELSEWHERE)],
        "ConfigurationService.DeleteOperatorGroup": [({"id": "alpine/ini"}, NOT_MINE)],
        "ConfigurationService.CreateGroup": [({"group": {"id": "alpine/g9", "name": "x"}}, ELSEWHERE)],
        "ConfigurationService.GetGroup": [({"id": "alpine/g1"}, PUBLIC)],
        "ConfigurationService.ListGroups": [({}, PUBLIC)],
        "ConfigurationService.UpdateGroup": [({"group": {"id": "alpine/g1", "name": "x"}}, ELSEWHERE)],
        "ConfigurationService.DeleteGroup": [({"id": "alpine/g1"}, NOT_MINE)],
        "ConfigurationService.Reconcile": [
            ({"endpoints": [{"host": "h.example", "type": "lab"}]}, PUBLIC),
            ({"registry": "alpine", "is_whole": True, "endpoints": [{"host": "h.example", "type": "lab"}]}, PUBLIC)],
        "ConfigurationService.CreateCapacity": [
            ({"capacity": {"id": "alpine/disks9", **CAPACITY}}, ELSEWHERE),
            ({"capacity": {"id": "hills/disks", **CAPACITY}}, NOT_MINE)],
        "ConfigurationService.GetCapacity": [({"id": "alpine/disks"}, UNKNOWN)],
        "ConfigurationService.ListCapacities": [({}, EMPTY), ({"provider": "alpine/compute"}, EMPTY)],
        "ConfigurationService.UpdateCapacity": [
            ({"capacity": {"id": "alpine/disks", "name": "x"}}, ELSEWHERE)],
        "ConfigurationService.ListAllocations": [({"capacity": "alpine/disks"}, UNKNOWN)],
        "ConfigurationService.DeclareDowntime": [
            ({"downtime": {"id": "alpine/d9", **DOWNTIME}}, ELSEWHERE)],
        "ConfigurationService.ReviseDowntime": [
            ({"downtime": {"id": "alpine/d1", "description": "x"}}, ELSEWHERE)],
        "ConfigurationService.CancelDowntime": [({"id": "alpine/d1", "reason": "x"}, NOT_MINE)],
        "ConfigurationService.GetDowntime": [({"id": "alpine/d1"}, PUBLIC)],
        "ConfigurationService.ListDowntimes": [({}, PUBLIC)],
        "ConfigurationService.ReportVersions": [
            ({"reports": [{"host": "h.example", "type": "lab"}]}, PUBLIC)],
        "ConfigurationService.ListVersions": [({}, PUBLIC), ({"endpoint": "alpine/e1"}, PUBLIC)],
        "ConfigurationService.ImportPlan": [
            ({"id": "coast/plan9", "project": "coast/p1", "document": "{}"}, ELSEWHERE),
            ({"id": "hills/plan", "project": "coast/p1", "document": "{}"}, UNKNOWN)],
        "ConfigurationService.GetPlan": [({"id": "coast/plan1"}, UNKNOWN), ({"id": "coast/plan1", **past}, UNKNOWN)],
        "ConfigurationService.ListPlans": [({}, EMPTY), ({"project": "coast/p1"}, EMPTY)],
        "ConfigurationService.ProposeOrder": [({"id": "coast/plan1"}, UNKNOWN)],
        "ConfigurationService.WriteBackPlan": [({"id": "coast/plan1"}, UNKNOWN),
                                               ({"id": "coast/plan1", "order": "coast/o1"}, UNKNOWN)],
        "ConfigurationService.Import": [
            ({"records": [{"site": {"id": "alpine/hall", "short_name": "x"}}]}, REFUSED),
            ({"records": [{"downtime": {"id": "alpine/d1", **DOWNTIME}}]}, REFUSED)],
        "ConfigurationService.Export": [({}, PUBLIC)],
        "ConfigurationService.Watch": [(WATCH, PUBLIC)],
        "ConfigurationService.Impact": [({"downtime": "alpine/d1"}, PUBLIC), ({"site": "alpine/hall"}, PUBLIC),
                                        ({"endpoint": "alpine/e1"}, PUBLIC), ({"group": "alpine/g1"}, PUBLIC),
                                        ({"version": {"component": "lab"}}, PUBLIC)],
        "ConfigurationService.Trace": [({"order": "coast/o1"}, UNKNOWN)],
        "RegistryService.WhoAmI": [({}, PUBLIC)],
        "RegistryService.GetStatus": [({}, PUBLIC)],
        "RegistryService.AcceptClock": [({}, HOME_ONLY)],
        "RegistryService.ReadLog": [({}, HOME_ONLY)],
        "RegistryService.CreateRegistry": [({}, HOME_ONLY)],
        "RegistryService.GetRegistry": [({"id": "coast"}, UNKNOWN), ({"id": "hills"}, PUBLIC)],
        "RegistryService.ListRegistries": [({}, PUBLIC)],
        "RegistryService.UpdateRegistry": [({"registry": {"id": "coast", "name": "x"}},
                                            ELSEWHERE)],
        "RegistryService.RotateBundle": [({"id": "coast", "bundle": town.bundle}, ELSEWHERE)],
        "RegistryService.SuspendRegistry": [({"id": "coast", "reason": "x"}, HOME_ONLY)],
        "RegistryService.ResumeRegistry": [({"id": "coast"}, HOME_ONLY)],
        "RegistryService.CreatePrincipal": [
            ({"principal": {"id": "coast/x", "identity": "spiffe://coast.example/admin/x",
                            "roles": ["ADMIN"], "scopes": ["r:coast"]}}, ELSEWHERE),
            ({"principal": {"id": "hills/x", "identity": "spiffe://coast.example/admin/x",
                            "roles": ["ADMIN"], "scopes": ["r:hills"]}}, FIELDS),
            ({"principal": {"id": "hills/x", "identity": "spiffe://hills.example/admin/x",
                            "roles": ["ADMIN"], "scopes": ["r:coast"]}}, FIELDS),
            ({"principal": {"id": "hills/x", "identity": "spiffe://hills.example/admin/x",
                            "roles": ["ADMIN"], "scopes": ["j:coast/p1"]}}, FIELDS)],
        "RegistryService.GetPrincipal": [({"id": "coast/coast-portal"}, UNKNOWN),
                                         ({"id": "alpine/ops"}, UNKNOWN)],
        "RegistryService.ListPrincipals": [({}, PUBLIC)],
        "RegistryService.DeletePrincipal": [({"id": "coast/coast-portal"}, ELSEWHERE)],
        "RegistryService.RevokeCertificate": [
            ({"registry": "coast", "fingerprint": "0" * 64, "reason": "x"}, ELSEWHERE)],
    }
