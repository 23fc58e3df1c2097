"""EOSC's profiles through the command line into a broker and out again: what a broker exports in the
format it imported changes nothing when it is imported once more, and says what it lost.
"""
import json
import os
import unittest

from broker import EXAMPLES, Broker, run


# What each member becomes, written down here once more; "a.b" is inside of an object.
SAME = "abbreviation name website description logo webpage tagline trl pricing maintenance country jurisdiction"
RENAMED = {
    "legalStatus": "legal_status", "hostingLegalEntity": "hosting_legal_entity",
    "lifeCycleStatus": "life_cycle_status", "catalogueId": "catalogue", "esfriType": "esfri_type",
    "version": "release", "helpdeskEmail": "helpdesk_email", "securityContactEmail": "security_contact_email",
    "helpdeskPage": "helpdesk_page", "userManual": "user_manual", "termsOfUse": "terms_of_use",
    "privacyPolicy": "privacy_policy", "accessPolicy": "access_policy", "resourceLevel": "sla_url",
    "trainingInformation": "training_information", "statusMonitoring": "status_monitoring",
    "order": "order_url", "paymentModel": "payment_model", "nodePID": "node", "acronym": "abbreviation",
    "publishingDate": "publishing_date", "submissionPolicyURL": "data_source.submission_policy",
    "preservationPolicyURL": "data_source.preservation_policy",
    "datasourceClassification": "data_source.classification", "accessRights": "training.access_rights",
    "versionDate": "training.version_date", "expertiseLevel": "training.expertise_level",
    "duration": "training.duration", "legalEntity": "is_legal_entity", "horizontalService": "is_horizontal",
    "versionControl": "data_source.has_version_control", "thematic": "data_source.is_thematic",
}
LISTS = {
    "tags": "tags", "structureTypes": "structure_types", "certifications": "certifications",
    "participatingCountries": "participating_countries", "affiliations": "affiliations",
    "networks": "networks", "esfriDomains": "esfri_domains", "areasOfActivity": "areas_of_activity",
    "societalGrandChallenges": "societal_grand_challenges", "nationalRoadmaps": "national_roadmaps",
    "targetUsers": "target_users", "accessTypes": "access_types", "accessModes": "access_modes",
    "serviceCategories": "service_categories", "marketplaceLocations": "marketplace_locations",
    "geographicalAvailabilities": "geographical_availabilities", "languageAvailabilities": "languages",
    "resourceGeographicLocations": "geographic_locations", "standards": "standards",
    "openSourceTechnologies": "open_source_technologies", "relatedPlatforms": "platforms",
    "fundingBody": "funding_bodies", "fundingPrograms": "funding_programs",
    "grantProjectNames": "grant_projects", "urls": "urls", "languages": "languages",
    "researchProductTypes": "data_source.research_product_types", "keywords": "training.keywords",
    "targetGroups": "training.target_groups", "learningResourceTypes": "training.learning_resource_types",
    "learningOutcomes": "training.learning_outcomes",
    "contentResourceTypes": "training.content_resource_types", "qualifications": "training.qualifications",
}
REFERENCES = {
    "resourceOrganisation": "provider", "resourceOwner": "provider", "resourceProviders": "resource_providers",
    "serviceProviders": "resource_providers", "requiredResources": "required_services",
    "relatedResources": "related_services", "eoscRelatedServices": "related_services",
}
OBJECTS = {
    "multimedia": ("multimedia", {"multimediaURL": "url", "multimediaName": "name"}),
    "useCases": ("use_cases", {"useCaseURL": "url", "useCaseName": "name"}),
    "alternativeIdentifiers": ("alternative_ids", {"type": "scheme", "value": "id"}),
    "alternativePIDs": ("alternative_ids", {"pid": "id", "pidSchema": "scheme"}),
    "users": ("administrators", {"name": "given_name", "surname": "family_name", "email": "email"}),
    "location": ("location", {"streetNameAndNumber": "street", "postalCode": "postal_code", "city": "city",
                              "region": "region"}),
    "persistentIdentitySystems": ("data_source.identifier_systems", {
        "persistentIdentityProductType": "entity", "persistentIdentityProductTypeSchemes": "schemes"}),
    "metadataLicense": ("data_source.metadata_licence",
                        {"metadataLicenseName": "name", "metadataLicenseURL": "url"}),
    "relatedStandards": ("guideline.related_standards",
                         {"relatedStandardURI": "url", "relatedStandardIdentifier": "identifier"}),
    "resourceTypeInfo": ("guideline",
                         {"resourceType": "resource_type", "resourceTypeGeneral": "resource_type_general"}),
}
PAIRS = {
    "scientificDomains": ("scientificDomain", "scientific_domains", "scientificSubdomain",
                          "scientific_subdomains"),
    "categories": ("category", "categories", "subcategory", "subcategories"),
    "merilScientificDomains": ("merilScientificDomain", "meril_scientific_domains",
                               "merilScientificSubdomain", "meril_scientific_subdomains"),
}
# Each has a shape of its own, which tests/tools/test_import_eosc.c looks at.
OTHERS = {"id", "type", "mainContact", "publicContacts", "creators", "license", "lastUpdate", "changeLog",
          "orderType"}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def at(record, path):
    for name in path.split("."):
        record = record.get(name, {}) if isinstance(record, dict) else {}
    return record or None


def escaped(key):
    return "alpine/" + "".join(c if c.isascii() and (c.isalnum() or c in "._-")
                               else "".join(f"~{b:02X}" for b in c.encode()) for c in key)


def distinct(values):
    return list(dict.fromkeys(v for v in values if v))


def bare(record):
    """A record without its envelope."""
    return record if "id" in record else next(v for v in record.values() if isinstance(v, dict))


class RoundTrip:
    """One profile; the example of the project is its catalogue."""
    format = None

    @classmethod
    def setUpClass(cls):
        cls.broker = Broker(cls.format).start().furnish()
        cls.addClassCleanup(cls.broker.close)
        cls.admin = cls.broker.client("alpine", "admin")
        cls.example = os.path.join(EXAMPLES, f"{cls.format}.json")
        cls.file = os.path.join(cls.broker.folder, "exported.json")

    def seq(self):
        return int(self.admin.call("RegistryService.GetStatus")["seq"])

    def kontor(self, *words, **more):
        return self.broker.kontor("alpine", "admin", "catalogue", *words, **more)

    def records(self):
        return {**{p["id"]: p for p in self.admin.pages("CatalogueService.ListProviders", "providers")},
                **{s["id"]: s for s in self.admin.pages("CatalogueService.ListServices", "services")}}

    def outcomes(self, path):
        said = self.kontor("import", "--format", self.format, "--output", "json", path)
        return [json.loads(line)["outcome"] for line in said.splitlines() if "outcome" in line]

    def test_0_the_example_goes_in(self):
        outcomes = self.outcomes(self.example)
        self.assertEqual(set(outcomes), {"CREATED"})
        with open(self.example, encoding="utf-8") as file:
            self.assertEqual(len(outcomes), len(json.load(file)))
        self.assertEqual(len(self.records()), len(outcomes))

    def test_1_every_member_is_where_it_belongs(self):
        with open(self.example, encoding="utf-8") as file:
            sources = [bare(record) for record in json.load(file)]
        records = self.records()
        for source in sources:
            for member, value in source.items():
                with self.subTest(id=source["id"], member=member):
                    self.compare(member, value, records[escaped(source["id"])])

    def compare(self, member, value, got):
        if member in SAME.split() or member in RENAMED:
            self.assertEqual(at(got, RENAMED.get(member, member)), value or None)
        elif member in LISTS:
            self.assertEqual(as_list(at(got, LISTS[member])), as_list(value))
        elif member in REFERENCES:
            self.assertEqual(as_list(at(got, REFERENCES[member])), [escaped(key) for key in as_list(value)])
        elif member in OBJECTS:
            field, parts = OBJECTS[member]
            for source, made in zip(as_list(value), as_list(at(got, field)), strict=True):
                for name, part in parts.items():
                    self.assertEqual(made.get(part), source.get(name), name)
        elif member in PAIRS:
            upper, upper_field, lower, lower_field = PAIRS[member]
            self.assertEqual(as_list(at(got, upper_field)), distinct(pair.get(upper) for pair in value))
            self.assertEqual(as_list(at(got, lower_field)), distinct(pair.get(lower) for pair in value))
        else:
            self.assertIn(member, OTHERS)

    def test_2_an_export_is_the_same_catalogue(self):
        text = self.kontor("export", "--format", self.format)
        lost = [line for line in run.stderr.splitlines() if " has no place in " in line]
        records = json.loads(text)
        self.assertEqual(len(records), len(self.records()))
        # Every service has a phase once it is in a broker, and bare records have none.
        services = list(self.admin.pages("CatalogueService.ListServices", "services"))
        self.assertEqual(sorted(lost), sorted(
            f"kontor: {s['id']}: phase has no place in {self.format}" for s in services))
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)

    def test_3_an_export_that_is_imported_changes_nothing(self):
        before, seq = self.records(), self.seq()
        self.assertEqual(set(self.outcomes(self.file)), {"SAME"})
        self.assertEqual(self.seq(), seq)
        self.assertEqual(self.records(), before)

    def test_4_one_changed_member_writes_one_record(self):
        with open(self.file, encoding="utf-8") as file:
            records = json.load(file)
        records[-1]["description"] = "Otherwise."
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(records, file)
        outcomes = self.outcomes(self.file)
        self.assertEqual(sorted(outcomes), ["CHANGED"] + ["SAME"] * (len(records) - 1))

    def test_5_one_line_is_one_line(self):
        text = self.kontor("export", "--format", self.format, "--output", "json")
        self.assertEqual(text.count("\n"), 1)
        self.assertEqual(len(json.loads(text)), len(self.records()))


class Profile5(RoundTrip, unittest.TestCase):
    format = "eosc-5"


class Profile6(RoundTrip, unittest.TestCase):
    format = "eosc-6"

    def test_6_a_kind_gives_way_to_another(self):
        """The mask of an import holds all kinds, so one that changed does not keep the old one."""
        path = os.path.join(self.broker.folder, "plain.json")
        plain = {"id": "21.T15999/tides", "type": "Service", "name": "Tides of the delta",
                 "resourceOwner": "21.T15999/compute", "trl": "trl-8"}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plain, file)
        before = self.records()["alpine/21.T15999~2Ftides"]
        self.assertIn("data_source", before)
        self.assertEqual(self.outcomes(path), ["CHANGED"])
        after = self.records()["alpine/21.T15999~2Ftides"]
        self.assertNotIn("data_source", after)
        self.assertEqual(after["phase"], before["phase"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
