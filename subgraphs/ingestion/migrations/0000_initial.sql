CREATE SCHEMA "ingestion";
--> statement-breakpoint
CREATE TABLE "ingestion"."item" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"job_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"document_id" text NOT NULL,
	"is_document_deleted" boolean DEFAULT false NOT NULL,
	"status" text NOT NULL,
	"attempt" integer DEFAULT 1 NOT NULL,
	"steps" jsonb NOT NULL,
	"error" jsonb,
	"declared_media_type" text,
	"size_bytes" bigint NOT NULL,
	"source_key" text,
	"elements_key" text,
	"content_key" text,
	"chunks_key" text,
	"media_type" text,
	"content_title" text,
	"page_count" integer,
	"pages_without_text" integer[],
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ingestion"."job" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"status" text NOT NULL,
	"tags" text[] NOT NULL,
	"idempotency_key" text,
	"run" integer DEFAULT 1 NOT NULL,
	"item_count" integer NOT NULL,
	"completed_item_count" integer DEFAULT 0 NOT NULL,
	"failed_item_count" integer DEFAULT 0 NOT NULL,
	"cancelled_item_count" integer DEFAULT 0 NOT NULL,
	"is_knowledge_base_deleted" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "ingestion"."stream" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"last_sequence" integer NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "stream_workspace_id_stream_id_pk" PRIMARY KEY("workspace_id","stream_id")
);
--> statement-breakpoint
CREATE TABLE "ingestion"."stream_event" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"payload" jsonb NOT NULL,
	"occurred_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "stream_event_workspace_id_stream_id_sequence_pk" PRIMARY KEY("workspace_id","stream_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "ingestion"."upload" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"file_name" text NOT NULL,
	"media_type" text,
	"size_bytes" bigint NOT NULL,
	"token" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"received_at" timestamp (3) with time zone,
	"blob_key" text,
	"sha256" text,
	"job_id" text
);
--> statement-breakpoint
ALTER TABLE "ingestion"."item" ADD CONSTRAINT "item_job_id_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "ingestion"."job"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "item_ordinal" ON "ingestion"."item" USING btree ("job_id","ordinal");--> statement-breakpoint
CREATE UNIQUE INDEX "item_document" ON "ingestion"."item" USING btree ("workspace_id","document_id");--> statement-breakpoint
CREATE INDEX "item_knowledge_base" ON "ingestion"."item" USING btree ("workspace_id","knowledge_base_id");--> statement-breakpoint
CREATE INDEX "item_source" ON "ingestion"."item" USING btree ("workspace_id","source_key");--> statement-breakpoint
CREATE INDEX "item_elements" ON "ingestion"."item" USING btree ("workspace_id","elements_key");--> statement-breakpoint
CREATE INDEX "item_content" ON "ingestion"."item" USING btree ("workspace_id","content_key");--> statement-breakpoint
CREATE INDEX "job_workspace" ON "ingestion"."job" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "job_idempotency_key" ON "ingestion"."job" USING btree ("workspace_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "job_knowledge_base" ON "ingestion"."job" USING btree ("workspace_id","knowledge_base_id");--> statement-breakpoint
CREATE INDEX "upload_workspace" ON "ingestion"."upload" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "upload_expiry" ON "ingestion"."upload" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "upload_blob" ON "ingestion"."upload" USING btree ("workspace_id","blob_key");