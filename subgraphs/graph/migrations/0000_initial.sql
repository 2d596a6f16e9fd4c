CREATE SCHEMA "graph";
--> statement-breakpoint
CREATE TABLE "graph"."contribution" (
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"document_id" text NOT NULL,
	"entity_id" text NOT NULL,
	"name" text NOT NULL,
	"mention_count" integer NOT NULL,
	CONSTRAINT "contribution_document_id_entity_id_pk" PRIMARY KEY("document_id","entity_id")
);
--> statement-breakpoint
CREATE TABLE "graph"."deletion" (
	"workspace_id" text NOT NULL,
	"subject_id" text NOT NULL,
	"deleted_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "deletion_workspace_id_subject_id_pk" PRIMARY KEY("workspace_id","subject_id")
);
--> statement-breakpoint
CREATE TABLE "graph"."entity" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"type" text NOT NULL,
	"normalized_name" text NOT NULL,
	"name" text NOT NULL,
	"mention_count" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "graph"."mention" (
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"document_id" text NOT NULL,
	"start_offset" integer NOT NULL,
	"end_offset" integer NOT NULL,
	"page" integer,
	"chunk_id" text,
	"entity_id" text NOT NULL,
	CONSTRAINT "mention_entity_id_document_id_start_offset_end_offset_pk" PRIMARY KEY("entity_id","document_id","start_offset","end_offset")
);
--> statement-breakpoint
CREATE TABLE "graph"."relationship_mention" (
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"document_id" text NOT NULL,
	"start_offset" integer NOT NULL,
	"end_offset" integer NOT NULL,
	"page" integer,
	"chunk_id" text,
	"relationship_id" text NOT NULL,
	CONSTRAINT "relationship_mention_relationship_id_document_id_start_offset_end_offset_pk" PRIMARY KEY("relationship_id","document_id","start_offset","end_offset")
);
--> statement-breakpoint
CREATE TABLE "graph"."relationship" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"type" text NOT NULL,
	"source_id" text NOT NULL,
	"target_id" text NOT NULL,
	"weight" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "graph"."contribution" ADD CONSTRAINT "contribution_entity_id_entity_id_fk" FOREIGN KEY ("entity_id") REFERENCES "graph"."entity"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "graph"."mention" ADD CONSTRAINT "mention_entity_id_entity_id_fk" FOREIGN KEY ("entity_id") REFERENCES "graph"."entity"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "graph"."relationship_mention" ADD CONSTRAINT "relationship_mention_relationship_id_relationship_id_fk" FOREIGN KEY ("relationship_id") REFERENCES "graph"."relationship"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "graph"."relationship" ADD CONSTRAINT "relationship_source_id_entity_id_fk" FOREIGN KEY ("source_id") REFERENCES "graph"."entity"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "graph"."relationship" ADD CONSTRAINT "relationship_target_id_entity_id_fk" FOREIGN KEY ("target_id") REFERENCES "graph"."entity"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "contribution_by_rank" ON "graph"."contribution" USING btree ("workspace_id","document_id","mention_count" DESC NULLS FIRST,"entity_id");--> statement-breakpoint
CREATE INDEX "contribution_by_entity" ON "graph"."contribution" USING btree ("entity_id");--> statement-breakpoint
CREATE INDEX "contribution_by_knowledge_base" ON "graph"."contribution" USING btree ("knowledge_base_id");--> statement-breakpoint
CREATE INDEX "entity_by_rank" ON "graph"."entity" USING btree ("workspace_id","knowledge_base_id","mention_count" DESC NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "mention_by_document" ON "graph"."mention" USING btree ("document_id");--> statement-breakpoint
CREATE INDEX "mention_by_knowledge_base" ON "graph"."mention" USING btree ("knowledge_base_id");--> statement-breakpoint
CREATE INDEX "relationship_mention_by_document" ON "graph"."relationship_mention" USING btree ("document_id");--> statement-breakpoint
CREATE INDEX "relationship_mention_by_knowledge_base" ON "graph"."relationship_mention" USING btree ("knowledge_base_id");--> statement-breakpoint
CREATE INDEX "relationship_by_source" ON "graph"."relationship" USING btree ("source_id","weight" DESC NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "relationship_by_target" ON "graph"."relationship" USING btree ("target_id","weight" DESC NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "relationship_by_knowledge_base" ON "graph"."relationship" USING btree ("knowledge_base_id");