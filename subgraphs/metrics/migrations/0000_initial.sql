CREATE SCHEMA "metrics";
--> statement-breakpoint
CREATE TABLE "metrics"."knowledge_base_usage" (
	"workspace_id" text NOT NULL,
	"event_id" text NOT NULL,
	"kind" text NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"knowledge_base_id" text NOT NULL,
	"retrieval_ms" double precision,
	CONSTRAINT "knowledge_base_usage_workspace_id_knowledge_base_id_event_id_pk" PRIMARY KEY("workspace_id","knowledge_base_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "metrics"."usage_event" (
	"workspace_id" text NOT NULL,
	"event_id" text NOT NULL,
	"kind" text NOT NULL,
	"occurred_at" timestamp (3) with time zone NOT NULL,
	"model_name" text,
	"prompt_tokens" bigint NOT NULL,
	"completion_tokens" bigint NOT NULL,
	CONSTRAINT "usage_event_workspace_id_event_id_pk" PRIMARY KEY("workspace_id","event_id")
);
--> statement-breakpoint
CREATE INDEX "knowledge_base_usage_by_time" ON "metrics"."knowledge_base_usage" USING btree ("workspace_id","knowledge_base_id","occurred_at");--> statement-breakpoint
CREATE INDEX "usage_event_by_time" ON "metrics"."usage_event" USING btree ("workspace_id","occurred_at");