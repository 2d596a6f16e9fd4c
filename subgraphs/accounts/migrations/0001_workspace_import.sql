CREATE TABLE "accounts"."workspace_import" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"archive_id" text NOT NULL,
	"finished_parts" text[] DEFAULT '{}' NOT NULL,
	"started_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "accounts"."workspace_import" ADD CONSTRAINT "workspace_import_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "accounts"."workspace"("id") ON DELETE no action ON UPDATE no action;