CREATE TABLE "ingestion"."stream_outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ingestion"."stream_outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"writer" text NOT NULL,
	"preceding_count" integer NOT NULL,
	"payloads" jsonb NOT NULL,
	"is_last" boolean NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "stream_outbox_stream" ON "ingestion"."stream_outbox" USING btree ("workspace_id","stream_id","id");