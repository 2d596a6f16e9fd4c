CREATE SCHEMA "models";
--> statement-breakpoint
CREATE TABLE "models"."generation" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"status" text NOT NULL,
	"model_provider" text NOT NULL,
	"model_name" text NOT NULL,
	"text" text DEFAULT '' NOT NULL,
	"prompt_tokens" integer,
	"completion_tokens" integer,
	"cached_prompt_tokens" integer,
	"time_to_first_token_ms" integer,
	"duration_ms" integer,
	"is_detached" boolean NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"lease_expires_at" timestamp (3) with time zone NOT NULL,
	"watched_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "models"."host_snapshot" (
	"host_name" text PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"models" jsonb NOT NULL,
	"read_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "models"."stream" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"last_sequence" integer NOT NULL,
	"closed_at" timestamp with time zone,
	CONSTRAINT "stream_workspace_id_stream_id_pk" PRIMARY KEY("workspace_id","stream_id")
);
--> statement-breakpoint
CREATE TABLE "models"."stream_event" (
	"workspace_id" text NOT NULL,
	"stream_id" text NOT NULL,
	"sequence" integer NOT NULL,
	"payload" jsonb NOT NULL,
	"occurred_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "stream_event_workspace_id_stream_id_sequence_pk" PRIMARY KEY("workspace_id","stream_id","sequence")
);
--> statement-breakpoint
CREATE INDEX "generation_workspace" ON "models"."generation" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "generation_active" ON "models"."generation" USING btree ("lease_expires_at") WHERE status in ('QUEUED', 'RUNNING');