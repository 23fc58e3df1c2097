"""Who may call what, copied by hand from the contract and not from the broker's table.

A method that is not here fails the tests that walk them: whoever adds one says here who may
call it, and in tenants.py what strangers get.
"""
EVERYBODY = "READER PORTAL APPROVER SHIFTER OPERATOR AGENT SITE_ADMIN CERTIFIER MONITOR PEER ADMIN"
ROLES = EVERYBODY.split()
INVOLVED = "PORTAL APPROVER SHIFTER OPERATOR AGENT ADMIN PEER"
SELLERS = "OPERATOR ADMIN"
KEEPERS = "SITE_ADMIN ADMIN"
BUYERS = "PORTAL SHIFTER PEER"
MANAGERS = "PORTAL SHIFTER ADMIN"
HANDS = "AGENT PEER"
HOME = "HOME_ADMIN"  # The admin of the home registry and nobody else.
ANYBODY = "ANY_CERTIFICATE"  # Also whom nobody registered.

MAY_CALL = {
    "CatalogueService.CreateVocabulary": "SHIFTER ADMIN",
    "CatalogueService.GetVocabulary": EVERYBODY,
    "CatalogueService.ListVocabularies": EVERYBODY,
    "CatalogueService.UpdateVocabulary": "SHIFTER ADMIN",
    "CatalogueService.DeleteVocabulary": "SHIFTER ADMIN",
    "CatalogueService.CreateProvider": SELLERS,
    "CatalogueService.GetProvider": EVERYBODY,
    "CatalogueService.ListProviders": EVERYBODY,
    "CatalogueService.UpdateProvider": SELLERS,
    "CatalogueService.DeleteProvider": SELLERS,
    "CatalogueService.SubmitProvider": SELLERS,
    "CatalogueService.DecideProvider": "SHIFTER ADMIN",
    "CatalogueService.DecideTemplate": "SHIFTER ADMIN",
    "CatalogueService.SuspendProvider": "SHIFTER ADMIN",
    "CatalogueService.ResumeProvider": "SHIFTER ADMIN",
    "CatalogueService.RetireProvider": "SHIFTER ADMIN",
    "CatalogueService.CreateService": SELLERS,
    "CatalogueService.GetService": EVERYBODY,
    "CatalogueService.ListServices": EVERYBODY,
    "CatalogueService.UpdateService": SELLERS,
    "CatalogueService.DeleteService": SELLERS,
    "CatalogueService.DiffService": EVERYBODY,
    "CatalogueService.MoveService": SELLERS,
    "CatalogueService.AuditRecord": "SHIFTER ADMIN",
    "CatalogueService.SampleForAudit": "SHIFTER ADMIN",
    "CatalogueService.SearchServices": EVERYBODY,
    "CatalogueService.Import": SELLERS,
    "CatalogueService.Watch": EVERYBODY,
    "OrderService.CreateProject": MANAGERS,
    "OrderService.GetProject": MANAGERS,
    "OrderService.ListProjects": MANAGERS,
    "OrderService.UpdateProject": MANAGERS,
    "OrderService.PlaceOrder": BUYERS,
    "OrderService.GetOrder": INVOLVED,
    "OrderService.ListOrders": INVOLVED,
    "OrderService.ListItems": INVOLVED,
    "OrderService.WatchOrders": INVOLVED,
    "OrderService.CancelOrder": BUYERS,
    "OrderService.DecideItem": "APPROVER SHIFTER OPERATOR AGENT PEER ADMIN",
    "OrderService.AskCustomer": "SHIFTER OPERATOR",
    "OrderService.AnswerQuestion": "PORTAL SHIFTER OPERATOR PEER",
    "OrderService.HoldItem": "SHIFTER OPERATOR",
    "OrderService.DecideCancel": "OPERATOR AGENT PEER",
    "OrderService.AllowedActions": INVOLVED,
    "OrderService.GetStock": INVOLVED,
    "OrderService.GetInstance": INVOLVED,
    "OrderService.ListInstances": INVOLVED,
    "OrderService.RescheduleItem": BUYERS,
    "OrderService.ResumeItem": "SHIFTER OPERATOR",
    "OrderService.OverrideItem": "OPERATOR ADMIN",
    "OrderService.OpenAccess": BUYERS,
    "OrderService.PostMessage": INVOLVED,
    "OrderService.ListMessages": INVOLVED,
    "FulfilmentService.RegisterAgent": HANDS,
    "FulfilmentService.Claim": HANDS,
    "FulfilmentService.Begin": HANDS,
    "FulfilmentService.Renew": HANDS,
    "FulfilmentService.Report": HANDS,
    "FulfilmentService.Complete": HANDS,
    "FulfilmentService.Fail": HANDS,
    "FulfilmentService.Release": HANDS,
    "FulfilmentService.Hold": HANDS,
    "FulfilmentService.AskInfo": HANDS,
    "FulfilmentService.ListAgents": "OPERATOR SHIFTER ADMIN",
    "ConfigurationService.CreateSite": KEEPERS,
    "ConfigurationService.GetSite": EVERYBODY,
    "ConfigurationService.ListSites": EVERYBODY,
    "ConfigurationService.UpdateSite": KEEPERS,
    "ConfigurationService.CreateEndpoint": KEEPERS,
    "ConfigurationService.GetEndpoint": EVERYBODY,
    "ConfigurationService.ListEndpoints": EVERYBODY,
    "ConfigurationService.UpdateEndpoint": KEEPERS,
    "ConfigurationService.DeclareDowntime": KEEPERS,
    "ConfigurationService.ReviseDowntime": KEEPERS,
    "ConfigurationService.CancelDowntime": KEEPERS,
    "ConfigurationService.GetDowntime": EVERYBODY,
    "ConfigurationService.ListDowntimes": EVERYBODY,
    "ConfigurationService.Import": KEEPERS,
    "ConfigurationService.Watch": EVERYBODY,
    "ConfigurationService.Trace": INVOLVED,
    "RegistryService.WhoAmI": ANYBODY,
    "RegistryService.GetStatus": "ADMIN MONITOR",
    "RegistryService.AcceptClock": HOME,
    "RegistryService.ReadLog": HOME,
    "RegistryService.CreateRegistry": HOME,
    "RegistryService.GetRegistry": EVERYBODY,
    "RegistryService.ListRegistries": EVERYBODY,
    "RegistryService.UpdateRegistry": "ADMIN",
    "RegistryService.RotateBundle": "ADMIN",
    "RegistryService.SuspendRegistry": HOME,
    "RegistryService.ResumeRegistry": HOME,
    "RegistryService.CreatePrincipal": "ADMIN",
    "RegistryService.GetPrincipal": "ADMIN",
    "RegistryService.ListPrincipals": "ADMIN",
    "RegistryService.DeletePrincipal": "ADMIN",
    "RegistryService.RevokeCertificate": "ADMIN",
}


def may_call(method, role, is_home=False):
    allowed = MAY_CALL[method].split()
    return role in allowed or ANYBODY in allowed or \
        (HOME in allowed and role == "ADMIN" and is_home)
