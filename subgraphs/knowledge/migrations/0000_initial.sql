CREATE SCHEMA "knowledge";
--> statement-breakpoint
CREATE TABLE "knowledge"."answer_citation" (
	"answer_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"marker" integer NOT NULL,
	"chunk_id" text NOT NULL,
	"document_id" text NOT NULL,
	"answer_start_offset" integer NOT NULL,
	"answer_end_offset" integer NOT NULL,
	"start_offset" integer NOT NULL,
	"end_offset" integer NOT NULL,
	"page" integer,
	"quote" text NOT NULL,
	"is_verified" boolean NOT NULL,
	CONSTRAINT "answer_citation_answer_id_ordinal_pk" PRIMARY KEY("answer_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "knowledge"."answer_source" (
	"answer_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"marker" integer NOT NULL,
	"chunk_id" text NOT NULL,
	"score" real NOT NULL,
	"content" jsonb NOT NULL,
	CONSTRAINT "answer_source_answer_id_marker_pk" PRIMARY KEY("answer_id","marker")
);
--> statement-breakpoint
CREATE TABLE "knowledge"."answer" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"question" text NOT NULL,
	"conversation" jsonb NOT NULL,
	"knowledge_base_ids" text[] NOT NULL,
	"mode" text NOT NULL,
	"model_name" text,
	"max_sources" integer NOT NULL,
	"is_detached" boolean NOT NULL,
	"status" text NOT NULL,
	"verdict" text,
	"text" text DEFAULT '' NOT NULL,
	"model_id" text,
	"writer_name" text,
	"usage" jsonb,
	"plan" jsonb,
	"retrieval_ms" integer,
	"first_token_ms" integer,
	"total_ms" integer,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"lease_owner" text NOT NULL,
	"lease_expires_at" timestamp (3) with time zone NOT NULL,
	"cancel_requested_at" timestamp (3) with time zone,
	"watched_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "knowledge"."chunk_embedding" (
	"chunk_id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"document_id" text NOT NULL,
	"model_name" text NOT NULL,
	"vector" "bytea" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "knowledge"."chunk" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"document_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"start_offset" integer NOT NULL,
	"end_offset" integer NOT NULL,
	"pages" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"headings" text[] NOT NULL,
	"text" text NOT NULL,
	"preceding_text" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "knowledge"."document" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"title" text NOT NULL,
	"media_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"status" text NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"source_uri" text,
	"tags" text[] NOT NULL,
	"content_key" text,
	"trailing_text" text,
	"chunk_count" integer DEFAULT 0 NOT NULL,
	"vector_count" integer,
	"chunks_key" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "knowledge"."knowledge_base" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"embedding_model_id" text,
	"embedding_model_name" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "knowledge"."stream_event" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"payload" jsonb NOT NULL,
	"occurred_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "stream_event_workspace_id_stream_id_sequence_pk" PRIMARY KEY("workspace_id","stream_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "knowledge"."stream" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"last_sequence" integer NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "stream_workspace_id_stream_id_pk" PRIMARY KEY("workspace_id","stream_id")
);
--> statement-breakpoint
CREATE TABLE "knowledge"."tombstone" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"deleted_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "answer_workspace" ON "knowledge"."answer" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "answer_lease" ON "knowledge"."answer" USING btree ("status","lease_expires_at");--> statement-breakpoint
CREATE INDEX "chunk_embedding_document" ON "knowledge"."chunk_embedding" USING btree ("workspace_id","document_id");--> statement-breakpoint
CREATE UNIQUE INDEX "chunk_document" ON "knowledge"."chunk" USING btree ("workspace_id","document_id","ordinal");--> statement-breakpoint
CREATE INDEX "document_knowledge_base" ON "knowledge"."document" USING btree ("workspace_id","knowledge_base_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "knowledge_base_name" ON "knowledge"."knowledge_base" USING btree ("workspace_id","name");